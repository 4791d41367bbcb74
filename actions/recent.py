"""What the journal says was done: for the cool-down, for the same plan sent twice, and for what a crash left over."""

import json
from collections.abc import Iterable

from actions.order import Order
from actions.target import Target
from warehouse.nudge_record import FINAL, NudgeRecord

DONE = frozenset({"requested", "accepted", "failed"})
"""After these something may have reached the run."""


class Recent:
    """The records of a journal, in the order they were written."""

    def __init__(self, records: Iterable[NudgeRecord]) -> None:
        self.records = list(records)
        self._last: dict[tuple[str | None, str | None, str], NudgeRecord] = {}
        for record in self.records:
            if record.state in DONE:
                self._last[record.source, record.workflow_id, _key(record)] = record

    def last(self, target: Target, order: Order) -> NudgeRecord | None:
        """The last time that this was done, or tried without a clear refusal, to this item."""
        return self._last.get((target.source, target.workflow_id, order.key))

    def of_plan(self, plan: str) -> list[NudgeRecord]:
        """The records of one plan."""
        return [record for record in self.records if record.plan == plan]

    def lines_of(self, plan: str) -> dict[int, NudgeRecord]:
        """The last record of each line of a plan."""
        return {record.line: record for record in self.of_plan(plan) if record.line is not None}


def is_settled(record: NudgeRecord | None) -> bool:
    """Whether a line needs nothing more."""
    return record is not None and record.state in FINAL


def _key(record: NudgeRecord) -> str:
    try:
        name = json.loads(record.particulars).get("name")
    except (ValueError, AttributeError):
        return record.verb
    return f"{record.verb} {name}" if name else record.verb
