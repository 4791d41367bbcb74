"""The first half minute: walk many requests quickly to every stage, so that there is something to see at once."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from random import Random

from sample_data.contact import Contact
from sample_data.service_request.behaviour import arrival, straight_answer
from sample_data.service_request.messages import Stage, Status, Terms
from sample_data.service_request.starting import start_request

# How many of a hundred open requests wait for which message, about as they would after an hour.
SPREAD = {
    "submit": 6,
    "claim": 11,
    "classify": 8,
    "quote_received": 18,
    "decide": 17,
    "delivered": 26,
    "settled": 9,
    "follow_up": 5,
}
WALKS_AT_ONCE = 8
LOOK_AGAIN_SECONDS = 0.05


async def walk_until(
    contact: Contact[Status], workflow_id: str, arrived: Callable[[Status], bool], patience_seconds: float = 60
) -> Status:
    """Answer for everybody, at once and without mishap, until the request is where it should be.

    Raises TimeoutError when it does not get there in time; the last status is in the text.
    """
    status: Status | None = None
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


async def open_with(contact: Contact[Status], ids: Sequence[str], dice: Random, terms: Terms) -> None:
    """Start these requests and spread them over the stages. Raises TimeoutError when they do not move."""
    places = asyncio.Semaphore(WALKS_AT_ONCE)

    async def start_and_walk(workflow_id: str, message: str, dice: Random) -> None:
        async with places:
            arriving = arrival(dice)
            await start_request(contact.line(arriving.by), workflow_id, arriving, terms)
            await walk_until(contact, workflow_id, lambda status: status.waiting_for == message)

    targets = dice.choices(list(SPREAD), weights=list(SPREAD.values()), k=len(ids))
    walks = [start_and_walk(name, message, Random(dice.random())) for name, message in zip(ids, targets, strict=True)]
    await asyncio.gather(*walks)


async def approve_some(contact: Contact[Status], ids: Sequence[str], regions: Collection[str], count: int) -> None:
    """Approve the first few of these regions that wait for it: what the vendor's outage is then seen to hold up."""
    found = 0
    for workflow_id in ids:
        status = await contact.look(workflow_id) if found < count else None
        if status is not None and status.waiting_for == "decide" and status.request.region in regions:
            await walk_until(contact, workflow_id, lambda status: status.stage is Stage.DELIVERY)
            found += 1
