"""A metric: a function with its meaning beside it."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.known import known
from metrics.question import Question
from value_stream import Stream

Answer = Callable[[DuckDBPyConnection, Stream, Question], pa.Table]


@dataclass(frozen=True)
class Metric:
    """One question, answered by `answer`; its first docstring paragraph is the definition that pages and docs show."""

    answer: Answer
    name: str
    title: str
    unit: str
    grain: str
    columns: tuple[str, ...]
    needs_window: bool
    names_persons: bool = False

    def __call__(self, con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
        """Answer `question`; raises MetricError when it cannot be answered.

        With `known_at`, from what had been learned by then: see metrics.known.
        """
        if question.known_at is None:
            return self.answer(con, stream, question)
        with known(con, question.known_at) as then:
            drawn = then.stream(stream.stream) if stream else stream
            return self.answer(then.con, drawn, replace(question, known_at=None))

    @property
    def doc(self) -> str:
        """Everything that is said of the metric."""
        return inspect.cleandoc(self.answer.__doc__ or "")

    @property
    def definition(self) -> str:
        """The definition, one paragraph."""
        return " ".join(self.doc.split("\n\n")[0].split())


def metric(
    *,
    title: str,
    unit: str,
    grain: str,
    columns: tuple[str, ...],
    needs_window: bool = False,
    names_persons: bool = False,
) -> Callable[[Answer], Metric]:
    """Make a function a metric. `columns` are those of its answer, in order; segments asked by come before them.

    With `names_persons` it answers to `hide_persons` and `smallest_group`.
    """

    def wrap(answer: Answer) -> Metric:
        return Metric(answer, answer.__name__, title, unit, grain, columns, needs_window, names_persons)

    return wrap
