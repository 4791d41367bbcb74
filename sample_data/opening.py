"""The first half minute: walk many cases quickly to every stage, so that there is something to see at once."""

import asyncio
from collections.abc import Callable, Sequence
from random import Random

from sample_data.acts import Act, Seen
from sample_data.business import Arriving, Business
from sample_data.contact import Contact

WALKS_AT_ONCE = 8
LOOK_AGAIN_SECONDS = 0.05


async def walk_until(
    contact: Contact[Seen],
    straight_answer: Callable[[Seen], Act | None],
    workflow_id: str,
    arrived: Callable[[Seen], bool],
    patience_seconds: float = 180,
) -> Seen:
    """Answer for everybody, at once and without mishap, until the case is where it should be.

    Raises TimeoutError when it does not get there in time; the last status is in the text.
    """
    status: Seen | None = None
    try:
        async with asyncio.timeout(patience_seconds):
            while status is None or not arrived(status):
                act = straight_answer(status) if status else None
                if act is not None:
                    await contact.perform(workflow_id, act)
                else:
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
                status = await contact.look(workflow_id)
    except TimeoutError as error:
        raise TimeoutError(
            f"{workflow_id} did not get there within {patience_seconds} s: {status}. Is the worker running?"
        ) from error
    return status


async def open_with(
    contact: Contact[Seen], business: Business[Seen, Arriving], ids: Sequence[str], dice: Random, speed: float
) -> None:
    """Start these cases and spread them over the stages. Raises TimeoutError when they do not move."""
    places = asyncio.Semaphore(WALKS_AT_ONCE)

    async def start_and_walk(workflow_id: str, message: str, dice: Random) -> None:
        async with places:
            arriving = business.arrival(dice)
            await business.start(contact.line(arriving.by), workflow_id, arriving, speed)
            await walk_until(contact, business.straight_answer, workflow_id, lambda status: arrived(status, message))

    def arrived(status: Seen, message: str) -> bool:
        return status.waiting_for is not None and order.index(status.waiting_for) >= order.index(message)

    spread, order = business.spread, list(business.spread)
    targets = dice.choices(list(spread), weights=list(spread.values()), k=len(ids))
    walks = [start_and_walk(name, message, Random(dice.random())) for name, message in zip(ids, targets, strict=True)]
    await asyncio.gather(*walks)
