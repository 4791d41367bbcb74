"""Answers as tables: the columns of a metric with their types, and the words of the stages."""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from metrics.question import MetricError, Question
from metrics.segments import Split, quoted
from metrics.stage_rows import Row, named
from value_stream import Stream

TEXT = pa.string()
COUNT = pa.int64()
NUMBER = pa.float64()
FLAG = pa.bool_()
INSTANT = pa.timestamp("us", tz="UTC")

Kinds = Mapping[str, pa.DataType]
NO_SPLIT = Split()


def answer(rows: Iterable[Row], kinds: Kinds, chosen: Split = NO_SPLIT, first: str = "items") -> pa.Table:
    """Those columns of the rows, the segments asked by (held under the keys of `chosen`) in front of `first`."""
    names = list(kinds)
    place = names.index(first) if chosen.columns else 0
    extra = [name for name in chosen.names if name not in kinds]
    order = [*names[:place], *extra, *names[place:]]
    shown = [{**row, **named(row, chosen)} for row in rows]
    return pa.Table.from_pylist(shown, schema=pa.schema([(name, kinds.get(name, TEXT)) for name in order]))


def typed(found: pa.Table, kinds: Kinds) -> pa.Table:
    """Those columns of what was found: for answers of many rows, which SQL has finished."""
    return found.select(list(kinds)).cast(pa.schema(list(kinds.items())))


def title_of(stream: Stream) -> dict[object, str]:
    """The titles of the stages, by name."""
    return {stage.name: stage.title for stage in stream.stages}


def unit_of(stream: Stream) -> str | None:
    """The unit of an item's value; None where the stream declares no value."""
    return stream.item.value.unit if stream.item.value else None


def keys_of(chosen: Split, table: str = "") -> str:
    """The held segments for a SELECT, GROUP BY or ORDER BY, each preceded by a comma."""
    return "".join(f", {table}.{key}" if table else f", {key}" for key in chosen.keys)


def same_of(chosen: Split, left: str, right: str) -> str:
    """That two tables hold the same segments, for a WHERE or ON, each preceded by AND."""
    return "".join(f" AND {left}.{quoted(key)} = {right}.{quoted(key)}" for key in chosen.keys)


def refuse_by(question: Question, name: str) -> None:
    """Raises MetricError where a question splits what can only be narrowed."""
    if question.by:
        raise MetricError(f"{name} cannot be split: leave --by out. --where narrows it.")
