"""Which workers are at work: all of them, but for the trouble that is on."""

import asyncio
import sys
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio.worker import Worker

from sample_data import trouble
from sample_data.queues import ABROAD_QUEUE, CLAIMS_QUEUE
from sample_data.telling import told_to_stop

LOOK_SECONDS = 1.0
USUAL, BROKEN = "usual", "broken"


@dataclass
class Shift:
    """The workers of these queues. `hire` makes the worker of a queue, in its usual or its broken release."""

    database: Engine
    queues: Iterable[str]
    hire: Callable[[str, str], Worker]
    _at_work: dict[str, tuple[str, AsyncExitStack]] = field(default_factory=dict)

    @property
    def at_work(self) -> dict[str, str]:
        """Which release runs on each queue that somebody polls."""
        return {queue: release for queue, (release, _) in self._at_work.items()}

    async def begin(self) -> None:
        """Have every worker at work, whatever trouble is on: what it starts with is for the first look."""
        await self._have({queue: USUAL for queue in self.queues})

    async def work(self, stop: asyncio.Event) -> None:
        """Send workers home and bring them back as the switches say, until told to stop; then end them all."""
        while not await told_to_stop(stop, LOOK_SECONDS):
            try:
                on = await asyncio.to_thread(trouble.all_on, self.database)
            except SQLAlchemyError as error:
                print(f"Cannot read the table trouble: {error}", file=sys.stderr, flush=True)
                continue
            await self._have({queue: release for queue in self.queues if (release := _release(queue, on))})
        await self._have({})

    async def _have(self, wanted: dict[str, str]) -> None:
        for queue, (release, stack) in list(self._at_work.items()):
            if wanted.get(queue) != release:
                del self._at_work[queue]
                await stack.aclose()
        for queue, release in wanted.items():
            if queue not in self._at_work:
                stack = AsyncExitStack()
                await stack.enter_async_context(self.hire(queue, release))
                self._at_work[queue] = (release, stack)


def _release(queue: str, on: frozenset[str]) -> str | None:
    """What runs on the queue; None when nobody is there."""
    if queue == ABROAD_QUEUE and trouble.NO_WORKER in on:
        return None
    return BROKEN if queue == CLAIMS_QUEUE and trouble.BAD_RELEASE in on else USUAL
