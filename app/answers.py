"""A metric's answer to a question that came as text, from the command line or over HTTP."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pyarrow as pa

import metrics
from app.errors import AskError
from metrics import Metric, Question, Window
from value_stream import Stream
from value_stream.durations import parse_duration
from warehouse import Warehouse

# Clocks of two machines differ a little; beyond that an "as of" in the future is a mistake.
_CLOCK_TOLERANCE = timedelta(minutes=1)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_METADATA = b"streamgauge"
DEFAULT_WINDOW = "30d"
# Metrics that speak about the whole warehouse.
STREAMLESS = frozenset({"source_health"})


# The parts of a question that may be given once, and those that may be given again.
SINGLE = (
    *("stream", "as_of", "window", "known_at", "of", "before_as_of", "before_window"),
    *("hide_persons", "smallest_group"),
)
REPEATED = ("where", "by", "before_where")


@dataclass(frozen=True)
class Ask:
    """A question as people write it: all text, checked when it is answered."""

    metric: str
    stream: str | None = None
    as_of: str | None = None
    window: str | None = None
    where: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    known_at: str | None = None
    of: str | None = None
    before_as_of: str | None = None
    before_window: str | None = None
    before_where: tuple[str, ...] = ()
    hide_persons: str | None = None
    smallest_group: str | None = None

    def parameters(self) -> list[tuple[str, str]]:
        """The question as URL parameters, without the metric."""
        single = [(name, getattr(self, name)) for name in SINGLE]
        repeated = [(name, text) for name in REPEATED for text in getattr(self, name)]
        return [(name, text) for name, text in single if text is not None] + repeated


@dataclass(frozen=True)
class Answer:
    """Rows, and what they mean; `note` says why there are none, or none of a kind that was asked for."""

    metric: str
    title: str
    definition: str
    as_of: datetime
    table: pa.Table
    note: str | None = None


def answer(warehouse: Warehouse, streams: Sequence[Stream], ask: Ask, *, now: datetime) -> Answer:
    """Ask the metric, in one read transaction.

    Without `as_of` the question is about `now`. Raises AskError for text that says nothing we understand, MetricError
    when the metric cannot answer it.
    """
    metric = metrics.find(ask.metric)
    stream = _stream(streams, ask.stream, metric)
    question = question_from(ask, metric, now=now)
    with warehouse.reading() as con:
        # Streamless metrics never look at it.
        table = metric(con, cast(Stream, stream), question)
        said = metrics.note(con, stream, question, table)
    return Answer(metric.name, metric.title, metric.definition, question.as_of, table, said)


def question_from(ask: Ask, metric: Metric, *, now: datetime) -> Question:
    """The question that the text of `ask` means at `now`. Raises AskError."""
    if ask.window is not None and not metric.needs_window:
        raise AskError(f"{metric.name} speaks about one instant and takes no window: ask with --as-of.")
    known_at = None if ask.known_at is None else _past("--known-at", ask.known_at, now)
    as_of = (known_at or now) if ask.as_of is None else _past("--as-of", ask.as_of, now)
    stretch = window(ask.window or DEFAULT_WINDOW, as_of) if metric.needs_window else None
    plain = Question(as_of, stretch, _pairs(ask.where), ask.by, known_at)
    return _other_side(_of_persons(plain, ask, metric), ask, metric, now)


def _past(option: str, text: str, now: datetime) -> datetime:
    at = instant(text)
    if at > now + _CLOCK_TOLERANCE:
        raise AskError(f"{option} {text} is in the future: it is {now:%Y-%m-%dT%H:%M:%SZ}.")
    return at


def _of_persons(plain: Question, ask: Ask, metric: Metric) -> Question:
    if ask.hide_persons is None and ask.smallest_group is None:
        return plain
    if not metric.names_persons:
        raise AskError(f"{metric.name} names no persons: leave --hide-persons and --smallest-group out.")
    if ask.hide_persons not in (None, "true", "false"):
        raise AskError(f"hide_persons is true or false, not {ask.hide_persons!r}.")
    smallest = ask.smallest_group or "1"
    if not smallest.isdecimal() or int(smallest) < 1:
        raise AskError(f"--smallest-group {smallest} is no number of at least 1.")
    return replace(plain, hide_persons=ask.hide_persons == "true", smallest_group=int(smallest))


def _other_side(plain: Question, ask: Ask, metric: Metric, now: datetime) -> Question:
    is_told = any((ask.before_as_of, ask.before_window, ask.before_where))
    if metric.name != metrics.compare.name:
        if ask.of or is_told:
            raise AskError(f"{metric.name} has one side: --of and --before-... belong to `show compare`.")
        return plain
    if not is_told:
        return replace(plain, of=ask.of)
    as_of = plain.as_of if ask.before_as_of is None else _past("--before-as-of", ask.before_as_of, now)
    length = ask.before_window or ask.window or DEFAULT_WINDOW
    where = _pairs(ask.before_where) if ask.before_where else plain.where
    return replace(plain, of=ask.of, before=replace(plain, as_of=as_of, window=window(length, as_of), where=where))


def instant(text: str) -> datetime:
    """ISO 8601, such as 2026-11-22, 2026-11-22T14:30 or 2026-11-22T14:30:00+01:00; UTC where no zone is given."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise AskError(f"{text!r} is no instant. Write it like 2026-11-22T14:30:00Z.") from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def window(text: str, as_of: datetime) -> Window:
    """`30d` (that long until `as_of`), `FROM..TO` or `all`. Raises AskError when it ends before it begins."""
    if text == "all":
        return Window(_BEGINNING, as_of)
    if ".." in text:
        begin, end = text.split("..", 1)
        from_at, to_at = instant(begin), instant(end) if end else as_of
    else:
        from_at, to_at = as_of - _length(text), as_of
    if from_at >= to_at:
        raise AskError(f"The window {text} ends before it begins.")
    return Window(from_at, to_at)


def to_ipc(found: Answer) -> bytes:
    """The answer as an Arrow stream, its meaning in the schema's metadata."""
    meaning = {
        "metric": found.metric,
        "title": found.title,
        "definition": found.definition,
        "as_of": found.as_of.isoformat(),
        "note": found.note,
    }
    table = found.table.replace_schema_metadata({_METADATA: json.dumps(meaning).encode()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def from_ipc(content: bytes) -> Answer:
    """The answer that `to_ipc` wrote."""
    table = pa.ipc.open_stream(content).read_all()
    meaning = json.loads((table.schema.metadata or {})[_METADATA])
    as_of = datetime.fromisoformat(meaning.pop("as_of"))
    return Answer(**meaning, as_of=as_of, table=table.replace_schema_metadata(None))


def _stream(streams: Sequence[Stream], name: str | None, metric: Metric) -> Stream | None:
    names = ", ".join(stream.stream for stream in streams)
    if name is None:
        return _only_stream(streams, names, metric)
    for stream in streams:
        if stream.stream == name:
            return stream
    raise AskError(f"No stream {name!r}. " + (f"There is: {names}." if names else "No stream file is in force."))


def _only_stream(streams: Sequence[Stream], names: str, metric: Metric) -> Stream | None:
    if len(streams) == 1:
        return streams[0]
    if metric.name in STREAMLESS:
        return None
    if not streams:
        raise AskError(
            f"No stream file is in force, and {metric.name} needs one: name some under `streams` in the config."
        )
    raise AskError(f"Which stream? Add --stream with one of: {names}.")


def _pairs(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple(pair(text) for text in texts)


def pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise AskError(f"--where {text!r} is no key=value.")
    return key.strip(), value.strip()


def _length(text: str) -> timedelta:
    try:
        return timedelta(microseconds=parse_duration(text))
    except ValueError:
        raise AskError(f"{text!r} is no window. Write it like 30d, 12h, 2026-11-01..2026-11-22 or all.") from None
