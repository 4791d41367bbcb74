"""Rounds: every source is asked again and again what is new, at its own pace, whatever happens to the others."""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from app.errors import ServiceError
from app.write_turn import WriteTurn
from warehouse import WarehouseError

LOG = logging.getLogger("streamgauge.rounds")
# A source that is down is asked less and less often, but at least once in this time.
LONGEST_PAUSE_SECONDS = 60.0
Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome:
    """How one round of one source went. `error` is one sentence, None when nothing went wrong."""

    source: str
    started_at: datetime
    ended_at: datetime
    runs_changed: int = 0
    events_added: int = 0
    requests: int = 0
    error: str | None = None


class Source(Protocol):
    """Somewhere to read from. `read` makes one round, writes what it finds, and raises nothing a source can cause.

    It raises WarehouseError when the warehouse cannot be written, and whatever a mistake of our own raises.
    """

    @property
    def name(self) -> str:
        """Name of the source in the warehouse."""

    async def read(self) -> Outcome:
        """Make one round."""

    async def record(self, failed: Outcome) -> None:
        """Record in the warehouse that a round failed, where `read` could not."""

    async def close(self) -> None:
        """Let go of connections."""


@dataclass
class Follower:
    """One source, followed: its last outcome, and who waits for the next."""

    source: Source
    every_seconds: float
    failures: int = 0
    last: Outcome | None = None
    good_at: datetime | None = None
    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: list[asyncio.Future[Outcome]] = field(default_factory=list)

    async def follow(self) -> None:
        """Round after round, until cancelled."""
        while True:
            await self.round()
            try:
                await asyncio.wait_for(self.wanted.wait(), self.pause_seconds())
            except TimeoutError:
                continue

    async def round(self) -> Outcome:
        """One round, its outcome handed to whoever asked for it before it began."""
        self.wanted.clear()
        asked, self.waiting = self.waiting, []
        outcome = await read_safely(self.source)
        self.failures = self.failures + 1 if outcome.error else 0
        self.last = outcome
        self.good_at = self.good_at if outcome.error else outcome.ended_at
        for future in asked:
            if not future.done():
                future.set_result(outcome)
        return outcome

    def pause_seconds(self) -> float:
        """Time to the next round: doubled with each failure in a row, up to a minute."""
        longest = max(self.every_seconds, LONGEST_PAUSE_SECONDS)
        return min(self.every_seconds * 2.0 ** min(self.failures, 16), longest)

    def ask(self) -> asyncio.Future[Outcome]:
        """The outcome of a round that begins after this call."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        self.wanted.set()
        return future


async def read_safely(source: Source) -> Outcome:
    """One round; a failure of our own becomes an outcome too, recorded like any other, so that other sources go on."""
    started_at = datetime.now(UTC)
    try:
        return await source.read()
    except WarehouseError as error:
        sentence = str(error)
    except Exception as error:
        LOG.exception("The round of %s failed unexpectedly", source.name)
        sentence = f"Unexpected {type(error).__name__}: {error}; the traceback is in the log."
    failed = Outcome(source.name, started_at, datetime.now(UTC), error=sentence)
    try:
        await source.record(failed)
    except Exception as error:
        # Most likely what ended the round keeps this from being written, too; whoever waits is told all the same.
        LOG.error("The failed round of %s could not be recorded: %s", source.name, error)
    return failed


async def one_round(sources: Sequence[Source]) -> list[Outcome]:
    """One round of each source, all at once, then let go of their connections."""
    try:
        return list(await asyncio.gather(*(read_safely(source) for source in sources)))
    finally:
        for source in sources:
            await source.close()


class Rounds:
    """All sources followed, in a thread with its own event loop. Whoever holds `turn` is the only one to write."""

    def __init__(self, sources: Sequence[Source], every_seconds: float, turn: WriteTurn) -> None:
        self._sources = sources
        self._turn = turn
        self._every_seconds = every_seconds
        self._followers: list[Follower] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rounds", daemon=True)

    def start(self) -> None:
        """Begin; returns once the loop runs."""
        self._thread.start()
        self._started.wait()

    def stop(self, timeout_seconds: float = 10.0) -> None:
        """End after what is being written is written."""
        if self._loop is not None and self._stopping is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(timeout_seconds)

    @property
    def is_alive(self) -> bool:
        """The thread runs."""
        return self._thread.is_alive()

    def state(self) -> list[Follower]:
        """What is followed, to look at."""
        return list(self._followers)

    def round_now(self, timeout_seconds: float) -> list[Outcome]:
        """One round of each source, begun now; waits for all. For other threads. Raises ServiceError past the time."""
        if self._loop is None or not self.is_alive:
            raise ServiceError("The rounds of this service have ended. Start it again.")
        future = asyncio.run_coroutine_threadsafe(self._ask_all(), self._loop)
        try:
            return future.result(timeout_seconds)
        except TimeoutError:
            raise ServiceError(f"The round is not done after {timeout_seconds:.0f} s; it goes on.") from None

    def quietly(self, call: Callable[[], Result]) -> Result:
        """What `call` gives, made while no source writes. For other threads."""
        if self._loop is None or not self.is_alive:
            raise ServiceError("The rounds of this service have ended. Start it again.")
        return asyncio.run_coroutine_threadsafe(self._in_turn(call), self._loop).result()

    async def _in_turn(self, call: Callable[[], Result]) -> Result:
        async with self._turn:
            return await asyncio.to_thread(call)

    async def _ask_all(self) -> list[Outcome]:
        return list(await asyncio.gather(*(follower.ask() for follower in self._followers)))

    def _run(self) -> None:
        asyncio.run(self._follow_all())

    async def _follow_all(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._followers = [Follower(source, self._every_seconds) for source in self._sources]
        tasks = [asyncio.create_task(follower.follow()) for follower in self._followers]
        self._started.set()
        await self._stopping.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for source in self._sources:
            await source.close()
