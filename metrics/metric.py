"""A metric: a function with its meaning beside it."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
from duckdb import DuckDBPyConnection

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

    def __call__(self, con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
        """Answer `question`; raises MetricError when it cannot be answered."""
        return self.answer(con, stream, question)

    @property
    def doc(self) -> str:
        """Everything that is said of the metric."""
        return inspect.cleandoc(self.answer.__doc__ or "")

    @property
    def definition(self) -> str:
        """The definition, one paragraph."""
        return " ".join(self.doc.split("\n\n")[0].split())


def metric(
    *, title: str, unit: str, grain: str, columns: tuple[str, ...], needs_window: bool = False
) -> Callable[[Answer], Metric]:
    """Make a function a metric. `columns` are those of its answer, in order; segments asked by come before them."""

    def wrap(answer: Answer) -> Metric:
        return Metric(answer, answer.__name__, title, unit, grain, columns, needs_window)

    return wrap
