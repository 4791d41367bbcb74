"""Splitting and narrowing: what may stand behind `by` and `where`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from metrics.open_work import OPEN_WAIT, sample_life_micros
from metrics.question import MetricError, Question
from value_stream import Stream

# Segments that need not be declared, as columns of the subject.
BUILT_IN: Mapping[str, str] = {
    "stage": "{subject}.stage",
    "lane": "{subject}.lane",
    "type": "{subject}.workflow_type",
    "source": "{subject}.source",
    "wait": "coalesce(open_wait.wait, 'silent')",
    "outcome": "coalesce({subject}.outcome, '(none)')",
}
NONE = "(none)"

JOIN = """
LEFT JOIN item_attribute AS {alias}
    ON {alias}.stream = {subject}.stream
   AND {alias}.item_key = {subject}.item_key
   AND {alias}.path = ${alias}_path
   AND {alias}.valid_from_at <= {subject}.{instant}
   AND ({alias}.valid_to_at IS NULL OR {alias}.valid_to_at > {subject}.{since})"""


WAIT_JOIN = """
LEFT JOIN open_wait ON open_wait.item_key = open_item.item_key"""


@dataclass(frozen=True)
class Subject:
    """The common table whose rows are split.

    It must have the columns stream, item_key, the one that `instant` names (declared segments are valued then), and
    those of the built-in segments it offers: stage, lane, workflow_type, source. With `since`, one more column, a row
    is joined to every value that held between the two.
    """

    table: str = "open_item"
    instant: str = "until_at"
    since: str = ""
    built_in: tuple[str, ...] = ("stage", "lane", "type", "source", "wait")


OPEN_ITEMS = Subject()


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

    @property
    def keys(self) -> tuple[str, ...]:
        """Short names under which a common table may hold the columns to split by, free of clashes with its own."""
        return tuple(f"by_{index}" for index, _ in enumerate(self.columns))

    def held(self) -> str:
        """The columns to split by under those names, for the SELECT of a common table, each followed by a comma."""
        return "".join(f"{expression} AS {key}, " for key, (_, expression) in zip(self.keys, self.columns, strict=True))

    def group(self) -> str:
        """The same for a GROUP BY or ORDER BY, each preceded by a comma."""
        return "".join(f", {quoted(name)}" for name, _ in self.columns)


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def segment_names(stream: Stream) -> tuple[str, ...]:
    """What `by` and `where` may name: the built-in segments, and the short names of those the stream declares."""
    return (*OPEN_ITEMS.built_in, *(_short(path) for path in stream.item.segments))


def split(stream: Stream, question: Question, subject: Subject = OPEN_ITEMS, *, with_wait: bool = False) -> Split:
    """The SQL of the question's `by` and `where`; `with_wait` joins open_wait even where neither names it.

    Raises MetricError for a segment that the stream or the subject does not have, and for a stage or lane that is not
    drawn.
    """
    joins: list[str] = []
    params: dict[str, object] = {"stream": stream.stream}
    if subject == OPEN_ITEMS:
        params["as_of"] = question.as_of
    wanted = dict.fromkeys([*question.by, *(name for name, _ in question.where)])
    expressions = {name: _expression(stream, name, subject, joins, params) for name in wanted}
    conditions = ""
    for index, (name, value) in enumerate(question.where):
        check_drawn(stream, name, value)
        conditions += f"\n  AND {expressions[name]} = $where_{index}"
        params[f"where_{index}"] = value
    columns = tuple((name, expressions[name]) for name in dict.fromkeys(question.by))
    if not with_wait and "wait" not in wanted:
        return Split("", "".join(joins), conditions, columns, params)
    params["sample_life_micros"] = sample_life_micros()
    return Split("," + OPEN_WAIT, WAIT_JOIN + "".join(joins), conditions, columns, params)


def _expression(stream: Stream, name: str, subject: Subject, joins: list[str], params: dict[str, object]) -> str:
    if name in subject.built_in:
        return BUILT_IN[name].format(subject=subject.table)
    alias = f"segment_{len(joins)}"
    params[f"{alias}_path"] = _path(stream, name, subject)
    since = subject.since or subject.instant
    joins.append(JOIN.format(alias=alias, subject=subject.table, instant=subject.instant, since=since))
    return f"coalesce({alias}.value, '{NONE}')"


def declared_path(stream: Stream, name: str) -> str | None:
    """The path of the declared segment of that name, short or whole; None where the stream has none."""
    return next((path for path in stream.item.segments if name in (path, _short(path))), None)


def _path(stream: Stream, name: str, subject: Subject) -> str:
    path = declared_path(stream, name)
    if path is not None:
        return path
    known = (*subject.built_in, *(_short(path) for path in stream.item.segments))
    if name in BUILT_IN:
        raise MetricError(f"This metric cannot be split or narrowed by {name}. It can by: {', '.join(known)}.")
    raise MetricError(f"No segment {name!r} in stream {stream.stream}.{near(name, known)}")


def check_drawn(stream: Stream, name: str, value: str) -> None:
    """Raises MetricError where a stage or lane of that name is not drawn."""
    drawn = {"stage": tuple(stage.name for stage in stream.stages), "lane": stream.lanes}.get(name)
    if drawn is not None and value not in drawn:
        raise MetricError(f"No {name} {value!r} in stream {stream.stream}.{near(value, drawn)}")


def near(name: str, known: Sequence[str]) -> str:
    """What could have been meant by `name`, and all there is: the end of an error message."""
    close = get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return f"{hint} There are: {', '.join(known)}."


def _short(path: str) -> str:
    return path.rsplit(".", 1)[-1]
