"""The live company: people look at the list of open requests, plan what they will do, and do it when it is time.

Behaviour (who does what after how long) is a plan that each stream brings; here is only the clock.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic

from temporalio.service import RPCError

from sample_data.acts import Act, Plan, Seen
from sample_data.agenda import Agenda, Noted
from sample_data.contact import Contact

LOOKS_AT_ONCE = 8
ACTS_AT_ONCE = 16


@dataclass(frozen=True)
class Pace:
    """How fast time passes. `speed` 10: what takes a minute takes six seconds."""

    speed: float
    clock: Callable[[], float] = time.monotonic

    @property
    def seconds_between_looks(self) -> float:
        """How often the list is read: every two seconds at speed 1, never more often than twice a second."""
        return max(0.5, 2 / self.speed)


class Office(Generic[Seen]):
    """Everybody who works in one stream, sharing one list of its open cases."""

    def __init__(self, contact: Contact[Seen], plan: Plan[Seen], pace: Pace, seed: int) -> None:
        self._contact = contact
        self._pace = pace
        self._agenda = Agenda(plan, seed, pace.speed)
        self._looked_before = False
        self._looks = asyncio.Semaphore(LOOKS_AT_ONCE)
        self._acts = asyncio.Semaphore(ACTS_AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()

    async def work(self, stop: asyncio.Event) -> None:
        """Look, plan and act until told to stop. While Temporal cannot be reached, nobody does anything."""
        look_at = 0.0
        while not stop.is_set():
            now = self._pace.clock()
            if now >= look_at:
                with suppress(RPCError):
                    await self.look_around()
                look_at = now + self._pace.seconds_between_looks
            for workflow_id, act in self._agenda.take_due(now):
                self._spawn(self._perform(workflow_id, act))
            await asyncio.sleep(0.05)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    @property
    def absent(self) -> frozenset[str]:
        """Who is away and does nothing."""
        return self._agenda.absent

    @absent.setter
    def absent(self, names: frozenset[str]) -> None:
        self._agenda.absent = names

    @property
    def out_of_sight(self) -> frozenset[str]:
        """Ids of cases that nobody acts on, because nobody sees them."""
        return self._agenda.out_of_sight

    @out_of_sight.setter
    def out_of_sight(self, workflow_ids: frozenset[str]) -> None:
        self._agenda.out_of_sight = workflow_ids

    @property
    def open_cases(self) -> int:
        """How many cases were open at the last look."""
        return len(self._agenda.cases)

    async def look_around(self) -> None:
        """Read the list; look closer at what is new, has moved, or has been still for longer than planned."""
        listed = await self._contact.work_list()
        now = self._pace.clock()
        known = self._agenda.cases
        self._agenda.cases = {name: noted for name, noted in known.items() if name in listed}
        for workflow_id, stage in listed.items():
            noted = self._agenda.cases.setdefault(workflow_id, Noted(stage, not self._looked_before))
            if noted.stage != stage or now >= noted.look_again_at:
                noted.stage = stage
                noted.look_again_at = now + 15
                self._spawn(self._look(workflow_id))
        self._looked_before = True

    async def _look(self, workflow_id: str) -> None:
        async with self._looks:
            status = await self._contact.look(workflow_id)
        if workflow_id in self._agenda.cases:
            self._agenda.saw(workflow_id, status, self._pace.clock())

    async def _perform(self, workflow_id: str, act: Act) -> None:
        async with self._acts:
            await self._contact.perform(workflow_id, act)
        self._agenda.acted(workflow_id, self._pace.clock())

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
