"""Read many runs at once, within the round's time, going on when one of them cannot be read."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field

from connectors.temporal.budget import WIDTH
from connectors.temporal.faults import Fault
from connectors.temporal.gathering import Gathering
from connectors.temporal.reading import Chunk

AT_ONCE = 2 * WIDTH  # While some of these make rows of what came, others have asked already.


@dataclass(frozen=True)
class Job:
    """One run to be read: `read` does it."""

    workflow_id: str
    run_id: str
    read: Callable[[], AsyncIterator[Chunk]]


@dataclass
class Work:
    """The runs read in one round: which were done, which failed, and the task queues they wait in."""

    gathering: Gathering
    limit_seconds: float | None = None
    was_cut: bool = False
    done: set[str] = field(default_factory=set)
    failed: list[tuple[Job, Fault]] = field(default_factory=list)
    queues: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._fault: Fault | None = None
        self.begin()

    def begin(self) -> None:
        """Begin one of the round's parts, with the time limit anew: none of them may starve another."""
        self._began_at: float | None = None
        self.part_was_cut = False

    def is_over(self) -> bool:
        """Whether the part's time is used up.

        Time counts from the part's first run on, so that every round gets somewhere, however long listing took.
        """
        if self.limit_seconds is None or self._began_at is None:
            return False
        return time.monotonic() - self._began_at > self.limit_seconds

    async def do(self, jobs: Iterable[Job]) -> None:
        """Do the jobs in this order, several at once; none twice in a round.

        A fault of one run is noted in `failed`. Raises the Fault that concerns all runs, after those under way ended.
        """
        waiting = iter(jobs)
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._do_some(waiting))
        if self._fault is not None:
            raise self._fault

    async def _do_some(self, waiting: Iterable[Job]) -> None:
        for job in waiting:
            if job.run_id in self.done:
                continue
            if self._fault is not None:
                return
            if self.is_over():
                self.was_cut = self.part_was_cut = True
                return
            self._began_at = self._began_at or time.monotonic()
            self.done.add(job.run_id)
            await self._do_one(job)

    async def _do_one(self, job: Job) -> None:
        try:
            async for chunk in job.read():
                self.queues |= chunk.queues
                await self.gathering.add(chunk)
        except Fault as fault:
            if fault.concerns_one_run:
                self.failed.append((job, fault))
            else:
                self._fault = fault
