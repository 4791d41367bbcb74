"""Which runs a nudge is for: the open items that a question finds, or those that are named, open or closed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from actions.errors import ActionError
from actions.target import Target
from metrics import Question, find
from value_stream import Stream
from warehouse import closed_items


def targets_of(
    con: DuckDBPyConnection,
    stream: Stream,
    *,
    where: Sequence[tuple[str, str]],
    items: Sequence[str],
    now: datetime,
) -> list[Target]:
    """Open items that fit `where`, longest in their stage first; of these those that are named.

    A name is a business key or a workflow id. Without `where`, a name that no open item has may be that of a closed
    one: it can be started again. Raises MetricError for a segment that the stream has not, ActionError for a name that
    nothing has.
    """
    rows = find("open_items")(con, stream, Question(as_of=now, where=tuple(where))).to_pylist()
    if items:
        rows = [row for row in rows if row["item"] in items or row["workflow_id"] in items]
        if (missing := _unknown(items, rows)) and not where:
            rows += closed_items(con, stream.stream, missing)
        if missing := _unknown(items, rows):
            kind = f"No open {stream.item.name}" if where else f"No {stream.item.name}"
            raise ActionError(f"{kind} {missing[0]!r} in {stream.stream}" + _fits(where) + ".")
    return [target_of(row) for row in rows]


def _unknown(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    known = {name for row in rows for name in (row["item"], row["workflow_id"])}
    return [name for name in names if name not in known]


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
