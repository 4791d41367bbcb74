"""Asking metrics from a page: one read transaction for each run of it, and no query when nothing changed."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar

import pyarrow as pa
from duckdb import DuckDBPyConnection

from app.service import Service
from app.ui.url import Filters
from metrics import Metric, MetricError, Question, Window, compare
from value_stream import Stream

Rows: TypeAlias = list[dict[str, Any]]
T = TypeVar("T")
P = TypeVar("P")

# Answers are kept for all viewers together; a page asks about ten questions, a round outdates all of them.
MOST_ANSWERS = 512
# With much open work some of them are long; all together they have no more rows than this, some 200 MB.
MOST_ROWS = 150_000
# While no new data comes, the live instant still moves on this often, because ages grow.
LIVE_STEP = timedelta(seconds=5)
# However often data comes, it moves no faster, so that viewers who look within this time share all answers.
LIVE_BEAT = timedelta(seconds=1)
# What is long to answer and moves slowly, such as stuck work, is asked this often on pages that follow the data.
CALM_STEP = timedelta(seconds=10)
# Pages about long windows stand still this long: nothing that they show moves in less.
STEADY_STEP = timedelta(seconds=60)


@dataclass
class _Slot:
    """One remembered answer; whoever asks the same meanwhile waits for it instead of asking again."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    found: Any = None

    @property
    def rows(self) -> int:
        """How many rows it holds, as an answer or as a table that was made of one."""
        rows = self.found.get("rows") if isinstance(self.found, dict) else self.found
        return len(rows) if isinstance(rows, list) else 1


class Answers:
    """Answers of metrics, and what pages make of them: by question and data version, for all viewers, bounded."""

    def __init__(self, most: int = MOST_ANSWERS, most_rows: int = MOST_ROWS) -> None:
        self._most = most
        self._most_rows = most_rows
        self._lock = threading.Lock()
        self._slots: OrderedDict[Hashable, _Slot] = OrderedDict()

    def get(self, key: Hashable, ask: Callable[[], T]) -> T:
        """What is remembered under `key`, else what `ask` gives; an error of `ask` is not remembered."""
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            while len(self._slots) > self._most:
                self._slots.popitem(last=False)
        with slot.lock:
            if slot.found is None:
                slot.found = ask()
                self._let_go()
            return slot.found  # type: ignore[no-any-return]  # A slot holds whatever was asked for under its key.

    def _let_go(self) -> None:
        """Forget what nobody asked for longest, until no more rows are kept than may be; one answer always is."""
        with self._lock:
            rows = sum(slot.rows for slot in self._slots.values())
            while rows > self._most_rows and len(self._slots) > 1:
                _, gone = self._slots.popitem(last=False)
                rows -= gone.rows


class LiveInstant:
    """The instant that "now" means on all pages of a kind: it moves every `step`, and before that when data came.

    For data it moves once in a `beat` at the most, and a steady one not at all.
    """

    def __init__(self, step: timedelta = LIVE_STEP, *, beat: timedelta = LIVE_BEAT, is_steady: bool = False) -> None:
        self._step = step
        self._beat = beat
        self._is_steady = is_steady
        self._lock = threading.Lock()
        self._seen: object = None
        self._at: datetime | None = None
        self._version = 0

    def at(self, service: Service, now: datetime) -> datetime:
        """The present live instant; never later than `now`."""
        return self.state(service, now)[0]

    def state(self, service: Service, now: datetime) -> tuple[datetime, int]:
        """The present live instant, and the version that the data had when it began."""
        with self._lock:
            if self._seen is not service.identity or self._at is None or self._is_over(now - self._at, service):
                self._seen, self._at, self._version = service.identity, now, service.data_version
            return self._at, self._version

    def _is_over(self, since: timedelta, service: Service) -> bool:
        has_news = not self._is_steady and service.data_version != self._version
        return not timedelta() <= since < (self._beat if has_news else self._step)


ANSWERS = Answers()
LIVE = LiveInstant()
CALM = LiveInstant(CALM_STEP, is_steady=True)
STEADY = LiveInstant(STEADY_STEP, is_steady=True)


@dataclass
class Asker:
    """Asks metrics of one service about one stream, all in one read transaction that begins with the first query."""

    service: Service
    stream: Stream | None
    question: Question
    data_version: int | None
    _stack: ExitStack
    _con: DuckDBPyConnection | None = None

    def __call__(
        self,
        metric: Metric,
        *,
        window: Window | None = None,
        where: tuple[tuple[str, str], ...] | None = None,
        by: tuple[str, ...] = (),
    ) -> Rows:
        """Rows of `metric`; `window`, `where` and `by` in place of the page's own. Raises MetricError."""
        question = replace(
            self.question,
            window=window or self.question.window,
            where=self.question.where if where is None else where,
            by=by,
        )
        # Only source_health is asked without a stream; it takes None.
        return self._remembered(
            (metric.name, question),
            lambda con: metric(con, self.stream, question),  # type: ignore[arg-type]
        )

    def compared(self, figure: str, before: Question, after: Question) -> Rows:
        """Rows of `metrics.compare` for two questions, which stand for themselves. Raises MetricError."""
        stream = self.stream
        if stream is None:
            raise MetricError("Nothing can be compared without a stream.")
        question = replace(after, of=figure, before=before)
        return self._remembered(("compare", question), lambda con: compare(con, stream, question))

    def made(self, what: str, make: Callable[[], T], *more: Hashable) -> T:
        """What `make` builds of answers to this question, remembered like them, for all viewers.

        `more`: all else that it depends on. It must draw nothing, for it is not called again for the next viewer.
        """
        return ANSWERS.get(self._key("made", what, self.question, *more), make)

    @property
    def state(self) -> tuple[Hashable, ...]:
        """What an answer depends on beside the words of the question; the same for viewers who share it."""
        return (self.question.as_of, self.data_version)

    def _key(self, *asked: Hashable) -> Hashable:
        return (self.service.identity, self.data_version, self.stream.stream if self.stream else None, *asked)

    def _remembered(self, asked: tuple[Hashable, ...], query: Callable[[DuckDBPyConnection], pa.Table]) -> Rows:
        return ANSWERS.get(self._key(*asked), lambda: self._rows(query))

    def _rows(self, query: Callable[[DuckDBPyConnection], pa.Table]) -> Rows:
        if self._con is None:
            self._con = self._stack.enter_context(self.service.warehouse.reading())
        return query(self._con).to_pylist()


@contextmanager
def asking(
    service: Service,
    stream: Stream | None,
    question: Question,
    *,
    is_past: bool = False,
    data_version: int | None = None,
) -> Iterator[Asker]:
    """An Asker for one run of a page. The data version is read first, so a remembered answer is never too new.

    is_past: what is asked is over, and new data hardly changes it; answers are then kept as long as there is room. Ask
    so only about instants that move on, such as an hour ago, or what comes in late is never seen.
    data_version: an earlier one, whose remembered answers will do; what nobody asked yet is asked of newer data.
    """
    with ExitStack() as stack:
        version = service.data_version if data_version is None else data_version
        yield Asker(service, stream, question, None if is_past else version, stack)


@contextmanager
def looking_back(
    service: Service,
    stream: Stream,
    chosen: Filters,
    now: datetime,
    make: Callable[[Asker, P | None], P],
    **more: Any,
) -> Iterator[P]:
    """A page about the chosen stretch, and, where it compares, that of then before it: all from one state of the data.

    make: the page of an Asker, and of the page before it. more: what else the questions say.
    """
    live_at, version = STEADY.state(service, now)
    with ExitStack() as stack:

        def page(instant: datetime, before: P | None = None) -> P:
            question = Question(instant, Window(instant - chosen.length, instant), chosen.where, **more)
            return make(stack.enter_context(asking(service, stream, question, data_version=version)), before)

        then = page(chosen.then) if chosen.compares and chosen.then else None
        yield page(chosen.as_of or live_at, then)
