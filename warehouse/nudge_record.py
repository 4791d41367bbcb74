"""One record of the journal of nudges: its shape, as a line of JSON and as a row of the table `nudge`."""

import json
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Literal, get_args

import pyarrow as pa

INSTANT = pa.timestamp("us", tz="UTC")
_TEXTS = (
    *("actor", "role", "via", "reason", "stream", "nudge", "verb", "particulars", "source", "workflow_id", "run_id"),
    *("item", "stage", "wait", "cause", "seen", "request_id", "answer", "new_run_id"),
)
_KINDS: dict[str, pa.DataType] = {
    "record_id": pa.string(),
    "recorded_at": INSTANT,
    "state": pa.string(),
    "plan": pa.string(),
    "line": pa.int32(),
    "lines": pa.int32(),
    **{name: pa.string() for name in _TEXTS},
}
NUDGES = pa.schema(_KINDS)
State = Literal["planned", "requested", "accepted", "refused", "skipped", "failed", "stopped", "ended", "denied"]
STATES: tuple[State, ...] = get_args(State)
FINAL: frozenset[State] = frozenset({"accepted", "refused", "skipped", "failed"})
"""What a line of a plan ends with; a line without one of these is left to be done."""


@dataclass(frozen=True)
class NudgeRecord:
    """What happened, when, by whom, to which run. Columns mean what the comments of the table `nudge` say."""

    record_id: str
    recorded_at: datetime
    state: State
    plan: str | None
    line: int | None
    lines: int | None
    actor: str
    role: str | None
    via: str
    reason: str
    stream: str
    nudge: str | None
    verb: str
    particulars: str
    source: str | None = None
    workflow_id: str | None = None
    run_id: str | None = None
    item: str | None = None
    stage: str | None = None
    wait: str | None = None
    cause: str | None = None
    seen: str | None = None
    request_id: str | None = None
    answer: str | None = None
    new_run_id: str | None = None

    def to_json(self) -> str:
        """One line, without its end."""
        told = asdict(self) | {"recorded_at": self.recorded_at.astimezone(UTC).isoformat()}
        return json.dumps({key: value for key, value in told.items() if value is not None}, separators=(",", ":"))


_NAMES = {field.name for field in fields(NudgeRecord)}
_NUMBERS = frozenset({"line", "lines"})
_NEEDED = ("record_id", "recorded_at", "state", "actor", "via", "reason", "stream", "verb", "particulars")


def record_from_json(text: str | bytes) -> NudgeRecord:
    """The record of one line. Raises ValueError for a line that is none; keys of newer versions are left out."""
    told = json.loads(text)
    if not isinstance(told, dict):
        raise ValueError("no object")
    if missing := [name for name in _NEEDED if name not in told]:
        raise ValueError(f"without {missing[0]}")
    kept = dict.fromkeys(_NAMES) | {name: value for name, value in told.items() if name in _NAMES}
    for name, value in kept.items():
        if value is not None and type(value) is not (int if name in _NUMBERS else str):
            raise ValueError(f"{name} is {value!r}")
    if kept["state"] not in STATES:
        raise ValueError(f"state is {kept['state']!r}")
    at = datetime.fromisoformat(kept["recorded_at"])
    if at.tzinfo is None:
        raise ValueError("recorded_at has no zone")
    return NudgeRecord(**kept | {"recorded_at": at.astimezone(UTC)})
