"""The first minute: walk a number of requests quickly to every stage, so that there is something to see at once."""

import asyncio
from random import Random

from sample_data.service_request.behaviour import arrival, straight_answer
from sample_data.service_request.contact import Contact
from sample_data.service_request.messages import Status

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


async def walk_to(contact: Contact, workflow_id: str, message: str, patience_seconds: float = 30) -> Status:
    """Answer for everybody, at once and without mishap, until the request waits for this message.

    Raises TimeoutError when it does not get there in time; the last status is in the text.
    """
    status: Status | None = None
    try:
        async with asyncio.timeout(patience_seconds):
            while status is None or status.waiting_for != message:
                act = straight_answer(status) if status else None
                if act is not None:
                    await contact.perform(workflow_id, act)
                else:
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
                status = await contact.look(workflow_id)
    except TimeoutError as error:
        raise TimeoutError(
            f"{workflow_id} did not come to wait for {message!r} in {patience_seconds} s: {status}"
        ) from error
    return status


async def open_with(contact: Contact, count: int, dice: Random, prefix: str) -> int:
    """Start `count` requests and spread them over the stages. Returns how many got where they should."""
    places = asyncio.Semaphore(WALKS_AT_ONCE)
    targets = dice.choices(list(SPREAD), weights=list(SPREAD.values()), k=count)
    arrivals = [arrival(dice) for _ in range(count)]

    async def start_and_walk(number: int) -> bool:
        async with places:
            workflow_id = f"{prefix}{number:04}"
            await contact.start(workflow_id, arrivals[number])
            try:
                await walk_to(contact, workflow_id, targets[number])
            except TimeoutError:
                return False
        return True

    return sum(await asyncio.gather(*(start_and_walk(number) for number in range(count))))
