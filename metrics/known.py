"""The world as it was known at an instant: derived afresh from what had been learned by then."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection

from metrics.question import MetricError
from value_stream import Stream, rule_rows, stream_versions
from warehouse import known_by, replace_rules, streams_known


@dataclass(frozen=True)
class Known:
    """A connection to what was known, and the streams in force then."""

    con: DuckDBPyConnection
    streams: tuple[Stream, ...]
    known_at: datetime

    def stream(self, name: str) -> Stream:
        """The stream as its file stood then; raises MetricError where it was not there yet."""
        for stream in self.streams:
            if stream.stream == name:
                return stream
        raise MetricError(f"Stream {name} was not known at {self.known_at:%Y-%m-%d %H:%M:%SZ}: its file came later.")


@contextmanager
def known(con: DuckDBPyConnection, known_at: datetime) -> Iterator[Known]:
    """What had been learned by `known_at`, under the stream files in force then, in a warehouse of its own in memory.

    Learned are events when they were read, samples and database rows when they were seen, a lost run when it was
    missed; each source is known as far as its last round had come. So a figure that was told then comes out the same,
    whatever was read, and whatever stream file was loaded, since. What was forgotten since stays forgotten.
    """
    streams = tuple(Stream.model_validate_json(content) for content in streams_known(con, known_at))
    with known_by(con, known_at) as then:
        replace_rules(then, rule_rows(streams), stream_versions(streams), known_at)
        yield Known(then, streams, known_at)
