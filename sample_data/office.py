"""The live company: people look at the list of open requests, plan what they will do, and do it when it is time.

Behaviour (who does what after how long) is a plan that each stream brings; here is only the clock.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Generic

from temporalio.service import RPCError

from sample_data.acts import Act, Plan, Seen
from sample_data.contact import Contact

LOOKS_AT_ONCE = 8
ACTS_AT_ONCE = 16
# Planned before, and it still waits: they were away, or the answer was refused. It does not wait as long again.
TRIED_AGAIN_SHARE = 0.3


@dataclass(frozen=True)
class Pace:
    """How fast time passes. `speed` 10: what takes a minute takes six seconds."""

    speed: float
    clock: Callable[[], float] = time.monotonic

    @property
    def seconds_between_looks(self) -> float:
        """How often the list is read: every two seconds at speed 1, never more often than twice a second."""
        return max(0.5, 2 / self.speed)


@dataclass
class Noted:
    """What people remember of a case: where it was seen, the wait they planned for, when to look again.

    What is found open at the very first look is `underway`: part of its wait is already over.
    """

    stage: str
    underway: bool
    planned: tuple[int, str] | None = None
    tries: int = 0
    plan_ends_at: float = 0.0
    look_again_at: float = 0.0


class Office(Generic[Seen]):
    """Everybody who works in one stream, sharing one list of its open cases. Who is `absent` does nothing."""

    def __init__(self, contact: Contact[Seen], plan: Plan[Seen], pace: Pace, seed: int) -> None:
        self.absent: frozenset[str] = frozenset()
        self._contact = contact
        self._make_plan = plan
        self._pace = pace
        self._seed = seed
        self._noted: dict[str, Noted] = {}
        self._looked_before = False
        self._agenda: list[tuple[float, int, str, Act]] = []
        self._order = itertools.count()
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
            self._act_on_what_is_due(now)
            await asyncio.sleep(0.05)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    @property
    def open_cases(self) -> int:
        """How many cases were open at the last look."""
        return len(self._noted)

    async def look_around(self) -> None:
        """Read the list; look closer at what is new, has moved, or has been still for longer than planned."""
        listed = await self._contact.work_list()
        now = self._pace.clock()
        self._noted = {name: noted for name, noted in self._noted.items() if name in listed}
        for workflow_id, stage in listed.items():
            noted = self._noted.setdefault(workflow_id, Noted(stage, not self._looked_before))
            if noted.stage != stage or now >= noted.look_again_at:
                noted.stage = stage
                noted.look_again_at = now + 15
                self._spawn(self._look(workflow_id, noted))
        self._looked_before = True

    async def _look(self, workflow_id: str, noted: Noted) -> None:
        async with self._looks:
            status = await self._contact.look(workflow_id)
        now = self._pace.clock()
        if status is None or status.waiting_for is None:
            noted.look_again_at = now + max(1.0, 4 / self._pace.speed)
            return
        self._plan(workflow_id, noted, status, now)

    def _plan(self, workflow_id: str, noted: Noted, status: Seen, now: float) -> None:
        wait = (status.wait, status.assignee)
        if noted.planned == wait and now < noted.plan_ends_at:
            noted.look_again_at = noted.plan_ends_at
            return
        noted.tries = noted.tries + 1 if noted.planned == wait else 0
        noted.planned = wait
        dice = Random(f"{self._seed}/{workflow_id}/{status.wait}/{noted.tries}")
        acts = [act for act in self._make_plan(status, dice) if self._may(act, noted.tries)]
        share = dice.random() if noted.underway else 1.0 if noted.tries == 0 else TRIED_AGAIN_SHARE
        noted.underway = False
        for act in acts:
            due_at = now + act.after_seconds * share / self._pace.speed
            heapq.heappush(self._agenda, (due_at, next(self._order), workflow_id, act))
        last = acts[-1].after_seconds * share if acts else 0.0
        noted.look_again_at = noted.plan_ends_at = now + (last + 5) / self._pace.speed + 0.5

    def _may(self, act: Act, tries: int) -> bool:
        # Nobody thinks again about cancelling at each new try, or whatever waits long would be cancelled.
        return act.by not in self.absent and (act.verb != "cancel" or tries == 0)

    def _act_on_what_is_due(self, now: float) -> None:
        while self._agenda and self._agenda[0][0] <= now:
            _, _, workflow_id, act = heapq.heappop(self._agenda)
            if act.by not in self.absent and workflow_id in self._noted:
                self._spawn(self._perform(workflow_id, act))

    async def _perform(self, workflow_id: str, act: Act) -> None:
        async with self._acts:
            await self._contact.perform(workflow_id, act)
        noted = self._noted.get(workflow_id)
        if noted is not None:
            noted.look_again_at = min(noted.look_again_at, self._pace.clock() + max(0.3, 1 / self._pace.speed))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
