"""A metric's answer to a question that came as text, from the command line or over HTTP."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Ask:
    """A question as people write it: all text, checked when it is answered."""

    metric: str
    stream: str | None = None
    as_of: str | None = None
    window: str | None = None
    where: tuple[str, ...] = ()
    by: tuple[str, ...] = ()

    def parameters(self) -> list[tuple[str, str]]:
        """The question as URL parameters, without the metric."""
        single = (("stream", self.stream), ("as_of", self.as_of), ("window", self.window))
        repeated = [("where", text) for text in self.where] + [("by", text) for text in self.by]
        return [(name, text) for name, text in single if text is not None] + repeated


@dataclass(frozen=True)
class Answer:
    """Rows, and what they mean."""

    metric: str
    title: str
    definition: str
    as_of: datetime
    table: pa.Table


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
    return Answer(metric.name, metric.title, metric.definition, question.as_of, table)


def question_from(ask: Ask, metric: Metric, *, now: datetime) -> Question:
    """The question that the text of `ask` means at `now`. Raises AskError."""
    if ask.window is not None and not metric.needs_window:
        raise AskError(f"{metric.name} speaks about one instant and takes no window: ask with --as-of.")
    as_of = now if ask.as_of is None else instant(ask.as_of)
    if as_of > now + _CLOCK_TOLERANCE:
        raise AskError(f"--as-of {ask.as_of} is in the future: it is {now:%Y-%m-%dT%H:%M:%SZ}.")
    where = tuple(pair(text) for text in ask.where)
    stretch = window(ask.window or DEFAULT_WINDOW, as_of) if metric.needs_window else None
    return Question(as_of=as_of, window=stretch, where=where, by=ask.by)


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
