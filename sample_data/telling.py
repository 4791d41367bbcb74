"""Being told to stop, in the middle of something or between two things."""

import asyncio
from collections.abc import Coroutine


async def told_to_stop(stop: asyncio.Event, within_seconds: float) -> bool:
    """Wait that long, or until told to stop; True when told."""
    try:
        await asyncio.wait_for(stop.wait(), within_seconds)
    except TimeoutError:
        return False
    return True


async def unless_told(stop: asyncio.Event, work: Coroutine[None, None, None]) -> bool:
    """Do the work, or drop it when told to stop; True when told."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    if not stop.is_set():
        stopping.cancel()
        await working
        return False
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    return True
