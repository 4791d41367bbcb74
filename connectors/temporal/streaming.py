"""Hand parts over from a task that makes them to a caller that takes them one by one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

Part = TypeVar("Part")


async def streamed(produce: Callable[[Callable[[Part], Awaitable[None]]], Awaitable[None]]) -> AsyncIterator[Part]:
    """What `produce(put)` puts, one after the other; it waits while the last part but one is not taken.

    Ends when `produce` ends, and raises what it raises. Leaving the loop cancels it; close the iterator then.
    """
    parts: asyncio.Queue[Part] = asyncio.Queue(maxsize=1)
    task = asyncio.ensure_future(produce(parts.put))
    try:
        while True:
            getting = asyncio.ensure_future(parts.get())
            try:
                await asyncio.wait({getting, task}, return_when=asyncio.FIRST_COMPLETED)
                if not getting.done() and parts.empty():
                    task.result()
                    return
                part = await getting
            finally:
                getting.cancel()
            yield part
    finally:
        task.cancel()
        await asyncio.wait([task])
