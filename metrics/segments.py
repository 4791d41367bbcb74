"""Splitting and narrowing: what may stand behind `by` and `where`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from metrics.open_work import OPEN_WAIT, sample_life_micros
from metrics.question import MetricError, Question
from value_stream import Stream

# Segments that every open item has.
BUILT_IN: Mapping[str, str] = {
    "stage": "open_item.stage",
    "lane": "open_item.lane",
    "type": "open_item.workflow_type",
    "source": "open_item.source",
    "wait": "coalesce(open_wait.wait, 'silent')",
}
NONE = "(none)"

JOIN = """
LEFT JOIN item_attribute AS {alias}
    ON {alias}.stream = open_item.stream
   AND {alias}.item_key = open_item.item_key
   AND {alias}.path = ${alias}_path
   AND {alias}.valid_from_at <= open_item.until_at
   AND ({alias}.valid_to_at IS NULL OR {alias}.valid_to_at > open_item.until_at)"""


WAIT_JOIN = """
LEFT JOIN open_wait ON open_wait.item_key = open_item.item_key"""


@dataclass(frozen=True)
class Split:
    """SQL for the segments of one question, to put behind OPEN_ITEM in a WITH and behind open_item in a FROM.

    ctes: further common tables, each preceded by a comma. joins, conditions (each an AND), and (name, expression) of
    each column to split by. params: what the SQL takes, stream and as_of included.
    """

    ctes: str = ""
    joins: str = ""
    conditions: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    params: dict[str, object] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The segments asked by, as columns are named."""
        return tuple(name for name, _ in self.columns)

    def select(self) -> str:
        """The columns to split by, for a SELECT, each followed by a comma."""
        return "".join(f"{expression} AS {quoted(name)},\n        " for name, expression in self.columns)

    def group(self) -> str:
        """The same for a GROUP BY or ORDER BY, each preceded by a comma."""
        return "".join(f", {quoted(name)}" for name, _ in self.columns)


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def segment_names(stream: Stream) -> tuple[str, ...]:
    """What `by` and `where` may name: the built-in segments, and the short names of those the stream declares."""
    return (*BUILT_IN, *(_short(path) for path in stream.item.segments))


def split(stream: Stream, question: Question, *, with_wait: bool = False) -> Split:
    """The SQL of the question's `by` and `where`; `with_wait` joins open_wait even where neither names it.

    Raises MetricError for a segment that the stream does not have.
    """
    joins: list[str] = []
    params: dict[str, object] = {"stream": stream.stream, "as_of": question.as_of}
    wanted = dict.fromkeys([*question.by, *(name for name, _ in question.where)])
    expressions = {name: _expression(stream, name, joins, params) for name in wanted}
    conditions = ""
    for index, (name, value) in enumerate(question.where):
        conditions += f"\n  AND {expressions[name]} = $where_{index}"
        params[f"where_{index}"] = value
    columns = tuple((name, expressions[name]) for name in question.by)
    if not with_wait and "wait" not in wanted:
        return Split("", "".join(joins), conditions, columns, params)
    params["sample_life_micros"] = sample_life_micros()
    return Split("," + OPEN_WAIT, WAIT_JOIN + "".join(joins), conditions, columns, params)


def _expression(stream: Stream, name: str, joins: list[str], params: dict[str, object]) -> str:
    if name in BUILT_IN:
        return BUILT_IN[name]
    alias = f"segment_{len(joins)}"
    params[f"{alias}_path"] = _path(stream, name)
    joins.append(JOIN.format(alias=alias))
    return f"coalesce({alias}.value, '{NONE}')"


def _path(stream: Stream, name: str) -> str:
    for path in stream.item.segments:
        if name in (path, _short(path)):
            return path
    known = segment_names(stream)
    near = get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise MetricError(f"No segment {name!r} in stream {stream.stream}.{hint} There are: {', '.join(known)}.")


def _short(path: str) -> str:
    return path.rsplit(".", 1)[-1]
