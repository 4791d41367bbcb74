"""What people remember of their cases and mean to do about them. No clock of its own: callers say what time it is.

The live company and the recorded past plan with the same agenda, so that both behave alike.
"""

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Generic

from sample_data.acts import Act, Plan, Seen

# Planned before, and it still waits: they were away, or the answer was refused. It does not wait as long again.
TRIED_AGAIN_SHARE = 0.3


@dataclass
class Noted:
    """What people remember of a case: where it was seen, the wait they planned for, when to look again.

    What is found open at the very first look is `underway`: part of its wait is already over.
    """

    stage: str = ""
    underway: bool = False
    planned: tuple[int, str] | None = None
    tries: int = 0
    plan_ends_at: float = 0.0
    look_again_at: float = 0.0


class Agenda(Generic[Seen]):
    """What everybody of one stream means to do, and when.

    Who is `absent` does nothing; on a case that is `out_of_sight` nobody acts.
    Instants are seconds of any clock; `speed` 10 means that what takes a minute takes six seconds of it.
    """

    def __init__(self, plan: Plan[Seen], seed: int, speed: float = 1.0) -> None:
        self.absent: frozenset[str] = frozenset()
        self.out_of_sight: frozenset[str] = frozenset()
        self.cases: dict[str, Noted] = {}
        self._make_plan = plan
        self._seed = seed
        self._speed = speed
        self._acts: list[tuple[float, int, str, Act]] = []
        self._order = itertools.count()

    def saw(self, workflow_id: str, status: Seen | None, now: float) -> None:
        """Plan for a case as it was seen, and note when to look again. `status` None: it could not say."""
        noted = self.cases[workflow_id]
        if status is None or status.waiting_for is None:
            noted.look_again_at = now + max(1.0, 4 / self._speed)
            return
        wait = (status.wait, status.assignee)
        if noted.planned == wait and now < noted.plan_ends_at:
            noted.look_again_at = noted.plan_ends_at
            return
        noted.tries = noted.tries + 1 if noted.planned == wait else 0
        noted.planned = wait
        ends_at = self._plan(workflow_id, noted, status, now)
        noted.look_again_at = noted.plan_ends_at = ends_at + 5 / self._speed + 0.5

    def acted(self, workflow_id: str, now: float) -> None:
        """Something was done about a case: look soon whether it has moved."""
        noted = self.cases.get(workflow_id)
        if noted is not None:
            noted.look_again_at = min(noted.look_again_at, now + max(0.3, 1 / self._speed))

    def take_due(self, now: float) -> Iterator[tuple[str, Act]]:
        """Take what is due off the agenda, soonest first; what an absent person would do, or a closed case needed, is
        dropped.
        """
        while self._acts and self._acts[0][0] <= now:
            _, _, workflow_id, act = heapq.heappop(self._acts)
            if act.by not in self.absent and workflow_id in self.cases.keys() - self.out_of_sight:
                yield workflow_id, act

    @property
    def next_act_at(self) -> float | None:
        """When the next thing is due; None while nothing is planned."""
        return self._acts[0][0] if self._acts else None

    def _plan(self, workflow_id: str, noted: Noted, status: Seen, now: float) -> float:
        """Put on the agenda what will be done; returns when the last of it is due."""
        dice = Random(f"{self._seed}/{workflow_id}/{status.wait}/{noted.tries}")
        acts = [act for act in self._make_plan(status, dice) if self._may(act, noted.tries)]
        share = dice.random() if noted.underway else 1.0 if noted.tries == 0 else TRIED_AGAIN_SHARE
        noted.underway = False
        due_at = now
        for act in acts:
            due_at = now + act.after_seconds * share / self._speed
            heapq.heappush(self._acts, (due_at, next(self._order), workflow_id, act))
        return due_at

    def _may(self, act: Act, tries: int) -> bool:
        # Nobody thinks again about cancelling at each new try, or whatever waits long would be cancelled.
        return act.by not in self.absent and (not act.once or tries == 0)
