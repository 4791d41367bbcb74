"""Asking metrics from a page: one read transaction for each run of it, and no query when nothing changed."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from duckdb import DuckDBPyConnection

from app.service import Service
from metrics import Metric, Question, Window
from value_stream import Stream

Rows: TypeAlias = list[dict[str, Any]]

# Answers are kept for all viewers together; a page asks about ten questions, a round outdates all of them.
MOST_ANSWERS = 512
# While no new data comes, the live instant still moves on this often, because ages grow.
LIVE_STEP = timedelta(seconds=5)


@dataclass
class _Slot:
    """One remembered answer; whoever asks the same meanwhile waits for it instead of asking again."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    rows: Rows | None = None


class Answers:
    """Answers of metrics, remembered by question and data version, shared by all viewers, bounded."""

    def __init__(self, most: int = MOST_ANSWERS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._slots: OrderedDict[Hashable, _Slot] = OrderedDict()

    def get(self, key: Hashable, ask: Callable[[], Rows]) -> Rows:
        """The rows remembered under `key`, else those that `ask` gives; an error of `ask` is not remembered."""
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            while len(self._slots) > self._most:
                self._slots.popitem(last=False)
        with slot.lock:
            if slot.rows is None:
                slot.rows = ask()
            return slot.rows


class LiveInstant:
    """The instant that "now" means on all live pages: it moves when data came, and every LIVE_STEP without."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: tuple[Hashable, int] | None = None
        self._at: datetime | None = None

    def at(self, service: Service, now: datetime) -> datetime:
        """The present live instant; never later than `now`."""
        seen = (id(service), service.data_version)
        with self._lock:
            is_old = self._at is None or not timedelta() <= now - self._at < LIVE_STEP
            if seen != self._seen or is_old:
                self._seen, self._at = seen, now
            return self._at or now


ANSWERS = Answers()
LIVE = LiveInstant()


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
        name = self.stream.stream if self.stream else None
        key = (id(self.service), self.data_version, metric.name, name, question)
        return ANSWERS.get(key, lambda: self._query(metric, question))

    def _query(self, metric: Metric, question: Question) -> Rows:
        if self._con is None:
            self._con = self._stack.enter_context(self.service.warehouse.reading())
        # Only source_health is asked without a stream; it takes None.
        return metric(self._con, self.stream, question).to_pylist()  # type: ignore[arg-type]


@contextmanager
def asking(service: Service, stream: Stream | None, question: Question, *, is_past: bool = False) -> Iterator[Asker]:
    """An Asker for one run of a page. The data version is read first, so a remembered answer is never too new.

    is_past: what is asked is over, and new data hardly changes it; answers are then kept as long as there is room. Ask
    so only about instants that move on, such as an hour ago, or what comes in late is never seen.
    """
    with ExitStack() as stack:
        yield Asker(service, stream, question, None if is_past else service.data_version, stack)
