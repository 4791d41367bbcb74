"""Rows of an answer: one per drawn stage, in the order of the file, and with the types of the columns."""

from collections.abc import Callable, Iterable, Sequence

import pyarrow as pa

from metrics.question import Question
from metrics.segments import Split
from value_stream import Stage, Stream

Row = dict[str, object]

# Columns whose name does not say their type: these are counts, any others text.
COUNTS = frozenset(
    {
        *("exits", "inside", "lost", "completed", "items", "arrivals", "opened", "reopened", "moved", "departures"),
        *("ended", "ended_well", "ended_badly", "in_flight"),
    }
)


def per_stage(
    found: pa.Table,
    stream: Stream,
    question: Question,
    chosen: Split,
    finish: Callable[[Row], Row],
    *,
    with_empty: bool = True,
) -> list[Row]:
    """The rows of `found` (by stage_index and the keys of `chosen`) with the stage's words, each put through `finish`.

    Without --by a stage that was not found has a row of zero counts, unless the question leaves it out or `with_empty`
    is false. End stages hold no time and have none.
    """
    by_stage: dict[object, list[Row]] = {}
    for row in found.to_pylist():
        by_stage.setdefault(row.pop("stage_index"), []).append(named(row, chosen))
    empty: Row = {name: 0 if name in COUNTS else None for name in found.column_names if name != "stage_index"}
    rows: list[Row] = []
    for index, stage in enumerate(stream.stages):
        if stage.is_end or not _asked(stage, question):
            continue
        for row in by_stage.get(index, [] if chosen.columns or not with_empty else [empty]):
            rows.append(finish({**row, "stage": stage.name, "title": stage.title, "lane": stage.lane}))
    return rows


def named(row: Row, chosen: Split) -> Row:
    """The row with the segments under their own names."""
    names = dict(zip(chosen.keys, chosen.names, strict=True))
    return {names.get(name, name): value for name, value in row.items()}


def table(rows: Iterable[Row], columns: Sequence[str], chosen: Split, first: str = "exits") -> pa.Table:
    """Those columns of the rows, the segments asked by in front of the column `first`."""
    place = columns.index(first)
    extra = [name for name in chosen.names if name not in columns]
    names = [*columns[:place], *extra, *columns[place:]]
    fields = [(name, pa.string() if name in extra else _kind(name)) for name in names]
    return pa.Table.from_pylist(list(rows), schema=pa.schema(fields))


def _kind(name: str) -> pa.DataType:
    if name.endswith(("_seconds", "_share", "_per_day", "_in_flight")):
        return pa.float64()
    if name == "at" or name.endswith("_at"):
        return pa.timestamp("us", tz="UTC")
    return pa.int64() if name in COUNTS else pa.string()


def _asked(stage: Stage, question: Question) -> bool:
    own = {"stage": stage.name, "lane": stage.lane}
    return all(own.get(name, value) == value for name, value in question.where)
