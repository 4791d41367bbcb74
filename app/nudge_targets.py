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

Row = dict[str, Any]
# What stuck items may be chosen by, beside the segments of all.
STUCK_BY = frozenset({"cause", "rule", "severity"})


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
    one: it can be started again. `where` may also name a cause, rule or severity, as `stuck` has them: then the items
    whose rule to mend first it is, held longest first. Raises MetricError for a segment that the stream has not,
    ActionError for a name that nothing has.
    """
    rows = _open(con, stream, where, now)
    if items:
        rows = [row for row in rows if row["item"] in items or row["workflow_id"] in items]
        if (missing := _unknown(items, rows)) and not where:
            rows += closed_items(con, stream.stream, missing)
        if missing := _unknown(items, rows):
            kind = f"No open {stream.item.name}" if where else f"No {stream.item.name}"
            raise ActionError(f"{kind} {missing[0]!r} in {stream.stream}" + _fits(where) + ".")
    return [target_of(row) for row in rows]


def _open(con: DuckDBPyConnection, stream: Stream, where: Sequence[tuple[str, str]], now: datetime) -> list[Row]:
    """Open items that fit, each with the cause that holds it, where one does."""
    question = Question(as_of=now, where=tuple(where))
    if any(name in STUCK_BY for name, _ in where):
        return sorted(_roots(con, stream, question), key=lambda row: (row["since_at"], row["run_id"]))
    causes = {_own(row): row["cause"] for row in _roots(con, stream, Question(as_of=now))}
    rows = find("open_items")(con, stream, question).to_pylist()
    return [{**row, "cause": causes.get(_own(row))} for row in rows]


def _roots(con: DuckDBPyConnection, stream: Stream, question: Question) -> list[Row]:
    return [row for row in find("stuck")(con, stream, question).to_pylist() if row["rank"] == 1]


def _own(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["source"], row["run_id"]


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


def run_words(target: Target) -> str:
    """The item, and the workflow that is acted on where that goes by another name: it may be a child that is stuck."""
    same = target.workflow_id == target.item
    return target.item if same else f"{target.item} ({target.workflow_id})"
