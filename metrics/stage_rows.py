"""Rows of an answer: one per drawn stage, in the order of the file, and with the types of the columns."""

from collections.abc import Callable, Collection, Iterable, Sequence

import pyarrow as pa

from metrics.question import Question
from metrics.segments import Split
from value_stream import Stage, Stream

Row = dict[str, object]

COUNTS = frozenset({"exits", "inside", "lost", "completed"})
TEXTS = frozenset({"stage", "title", "lane", "exit_kind", "not_reached", "thin"})


def per_stage(
    found: pa.Table, stream: Stream, question: Question, chosen: Split, finish: Callable[[Row], Row]
) -> list[Row]:
    """The rows of `found` (by stage_index and the keys of `chosen`) with the stage's words, each put through `finish`.

    Without --by a stage that was not found has a row of zero counts, unless the question leaves it out. End stages
    hold no time and have none.
    """
    by_stage: dict[object, list[Row]] = {}
    for row in found.to_pylist():
        by_stage.setdefault(row.pop("stage_index"), []).append(named(row, chosen))
    empty: Row = {name: 0 if name in COUNTS else None for name in found.column_names if name != "stage_index"}
    rows: list[Row] = []
    for index, stage in enumerate(stream.stages):
        if stage.is_end or not _asked(stage, question):
            continue
        for row in by_stage.get(index, [] if chosen.columns else [empty]):
            rows.append(finish({**row, "stage": stage.name, "title": stage.title, "lane": stage.lane}))
    return rows


def named(row: Row, chosen: Split) -> Row:
    """The row with the segments under their own names."""
    names = dict(zip(chosen.keys(), chosen.names, strict=True))
    return {names.get(name, name): value for name, value in row.items()}


def table(rows: Iterable[Row], columns: Sequence[str], chosen: Split, *, counts: Collection[str] = COUNTS) -> pa.Table:
    """Those columns of the rows, the segments asked by in front of the first count."""
    first = next(place for place, name in enumerate(columns) if name in counts)
    extra = [name for name in chosen.names if name not in columns]
    names = [*columns[:first], *extra, *columns[first:]]
    kinds: dict[str, pa.DataType] = dict.fromkeys([*TEXTS, *extra], pa.string())
    kinds |= dict.fromkeys(counts, pa.int64())
    return pa.Table.from_pylist(list(rows), schema=pa.schema([(name, kinds.get(name, pa.float64())) for name in names]))


def _asked(stage: Stage, question: Question) -> bool:
    own = {"stage": stage.name, "lane": stage.lane}
    return all(own.get(name, value) == value for name, value in question.where)
