"""The records that sending a plan leaves in the journal."""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from actions.actor import Actor
from actions.journal import Journal, new_id
from actions.plan import Line, Plan
from actions.seen import Seen
from warehouse.nudge_record import NudgeRecord, State

LOG = logging.getLogger("streamgauge.nudges")
# Who is not signed in may knock as often as they like: the log takes one line in this time, with a count.
STRANGER_SECONDS = 10.0


@dataclass
class _Knocks:
    """Strangers that were turned away since the log was last written."""

    count: int = 0
    said_at: float = float("-inf")


_KNOCKS = _Knocks()


@dataclass(frozen=True)
class Recording:
    """Writes what happens to one plan."""

    journal: Journal
    plan: Plan
    actor: Actor
    reason: str

    def planned(self) -> None:
        """The whole plan, before anything is done: what is left after a crash is read from here."""
        self.journal.write(
            *(
                self._record("planned" if line.why_not is None else "skipped", line, line.seen, answer=line.why_not)
                for line in self.plan.lines
            )
        )

    def line(
        self,
        line: Line,
        state: State,
        *,
        seen: Seen | None = None,
        request_id: str | None = None,
        answer: str | None = None,
        new_run_id: str | None = None,
    ) -> None:
        """What became of one line."""
        self.journal.write(self._record(state, line, seen, request_id=request_id, answer=answer, new_run_id=new_run_id))

    def stopped(self, why: str) -> None:
        """The rest is not done."""
        self.journal.write(self._record("stopped", None, None, answer=why))

    def ended(self) -> None:
        """All lines are settled."""
        self.journal.write(self._record("ended", None, None))

    def denied(self, why: str) -> None:
        """Somebody tried what they may not. A stranger goes to the log, now and then: nobody shall fill the journal."""
        if self.actor.user is not None:
            self.journal.write(self._record("denied", None, None, answer=why))
            return
        turn_away(f"{self.plan.order.verb} in {self.plan.stream}", self.actor.via)

    def _record(
        self,
        state: State,
        line: Line | None,
        seen: Seen | None,
        *,
        request_id: str | None = None,
        answer: str | None = None,
        new_run_id: str | None = None,
    ) -> NudgeRecord:
        target = line.target if line is not None else None
        return NudgeRecord(
            record_id=new_id(),
            recorded_at=datetime.now(UTC),
            state=state,
            plan=self.plan.plan,
            line=line.number if line is not None else None,
            lines=len(self.plan.lines),
            actor=self.actor.user or "",
            role=self.actor.role,
            via=self.actor.via,
            reason=self.reason,
            stream=self.plan.stream,
            nudge=self.plan.order.nudge,
            verb=self.plan.order.verb,
            particulars=self.plan.order.model_dump_json(exclude_defaults=True),
            source=target.source if target else None,
            workflow_id=target.workflow_id if target else None,
            run_id=target.run_id if target else None,
            item=target.item if target else None,
            stage=target.stage if target else None,
            wait=target.wait if target else None,
            cause=target.cause if target else None,
            seen=seen.model_dump_json(exclude_defaults=True) if seen is not None else None,
            request_id=request_id,
            answer=answer,
            new_run_id=new_run_id,
        )


def turn_away(what: str, via: str) -> None:
    """Log that a stranger tried something: one line in STRANGER_SECONDS, with how many there were."""
    _KNOCKS.count += 1
    if time.monotonic() - _KNOCKS.said_at >= STRANGER_SECONDS:
        LOG.warning("A stranger tried %s (%s); %d such tries since the last line", what, via, _KNOCKS.count)
        _KNOCKS.count, _KNOCKS.said_at = 0, time.monotonic()
