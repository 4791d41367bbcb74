"""Which runs a nudge is for: the open items that a question finds, or those that are named."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from actions.errors import ActionError
from actions.target import Target
from metrics import Question, find
from value_stream import Stream


def open_targets(
    con: DuckDBPyConnection,
    stream: Stream,
    *,
    where: Sequence[tuple[str, str]],
    items: Sequence[str],
    now: datetime,
) -> list[Target]:
    """Open items, longest in their stage first: those that fit `where`, of these those that are named.

    A name is a business key or a workflow id. Raises MetricError for a segment that the stream has not, ActionError for
    a name that no open item has.
    """
    rows = find("open_items")(con, stream, Question(as_of=now, where=tuple(where))).to_pylist()
    if items:
        known = {name for row in rows for name in (row["item"], row["workflow_id"])}
        if missing := [name for name in items if name not in known]:
            raise ActionError(f"No open {stream.item.name} {missing[0]!r} in {stream.stream}" + _fits(where) + ".")
        rows = [row for row in rows if row["item"] in items or row["workflow_id"] in items]
    return [target_of(row) for row in rows]


def target_of(row: Mapping[str, Any]) -> Target:
    """The target that a row of `open_items` or of `stuck` stands for; of a stuck item, the run that holds it up."""
    return Target(
        source=row["source"],
        workflow_id=row.get("root_workflow_id") or row["workflow_id"],
        run_id=row.get("root_run_id") or row["run_id"],
        item=row["item"] or row["workflow_id"],
        stage=row.get("stage"),
        wait=row.get("wait"),
        cause=row.get("cause"),
    )


def _fits(where: Sequence[tuple[str, str]]) -> str:
    return f" with {', '.join(f'{key} = {value}' for key, value in where)}" if where else ""
