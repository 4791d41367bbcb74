"""Rounds: each source at its own pace, whatever happens to the others."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from app.rounds import Follower, Outcome, Rounds, one_round

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Scripted:
    """A source that does what the test says: waits for a gate, fails, or breaks."""

    def __init__(
        self, name: str, *, error: str | None = None, breaks: bool = False, gate: threading.Event | None = None
    ):
        self.name = name
        self.rounds = 0
        self.closed = False
        self.recorded: list[Outcome] = []
        self._error, self._breaks, self._gate = error, breaks, gate
        self.counted = threading.Condition()

    async def read(self) -> Outcome:
        if self._gate is not None:
            await asyncio.to_thread(self._gate.wait)
        with self.counted:
            self.rounds += 1
            self.counted.notify_all()
        if self._breaks:
            raise ZeroDivisionError("a mistake of ours")
        return Outcome(self.name, NOW, NOW, error=self._error)

    async def record(self, failed: Outcome) -> None:
        self.recorded.append(failed)

    async def close(self) -> None:
        self.closed = True

    def wait_for(self, rounds: int) -> None:
        with self.counted:
            assert self.counted.wait_for(lambda: self.rounds >= rounds, timeout=20)


@pytest.fixture
def started() -> Iterator:
    running: list[Rounds] = []

    def start(*sources: Scripted, every_seconds: float = 0.01) -> Rounds:
        rounds = Rounds(sources, every_seconds, asyncio.Lock())
        running.append(rounds)
        rounds.start()
        return rounds

    yield start
    for rounds in running:
        rounds.stop()


def test_a_source_is_read_again_and_again(started):
    source = Scripted("crm")
    started(source)

    source.wait_for(rounds=5)


def test_one_that_hangs_does_not_hold_up_another(started):
    gate = threading.Event()
    hanging, healthy = Scripted("hanging", gate=gate), Scripted("healthy")
    started(hanging, healthy)

    healthy.wait_for(rounds=3)

    assert hanging.rounds == 0
    gate.set()


def test_one_that_breaks_by_our_mistake_is_an_error_and_goes_on(started):
    broken, healthy = Scripted("broken", breaks=True), Scripted("healthy")
    rounds = started(broken, healthy)

    broken.wait_for(rounds=2)
    healthy.wait_for(rounds=2)

    assert rounds.is_alive
    follower = next(follower for follower in rounds.state() if follower.source is broken)
    assert follower.last.error.startswith("Unexpected ZeroDivisionError: a mistake of ours")


def test_a_source_that_is_down_is_asked_less_and_less_but_at_least_each_minute():
    follower = Follower(Scripted("down"), every_seconds=2)

    pauses = []
    for failures in range(8):
        follower.failures = failures
        pauses.append(follower.pause_seconds())

    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


def test_a_pause_longer_than_a_minute_is_kept():
    assert Follower(Scripted("slow"), every_seconds=3600, failures=3).pause_seconds() == 3600


def test_a_round_asked_for_begins_at_once(started):
    source = Scripted("crm")
    rounds = started(source, every_seconds=3600)
    source.wait_for(rounds=1)

    outcomes = rounds.round_now(timeout_seconds=20)

    assert [outcome.source for outcome in outcomes] == ["crm"]
    assert source.rounds == 2


def test_stopping_lets_go_of_every_source(started):
    source = Scripted("crm")
    rounds = started(source)
    source.wait_for(rounds=1)

    rounds.stop()

    assert source.closed
    assert not rounds.is_alive


def test_a_single_round_gives_each_outcome_and_lets_go():
    good, down = Scripted("good"), Scripted("down", error="It does not answer.")

    outcomes = asyncio.run(one_round([good, down]))

    assert [(outcome.source, outcome.error) for outcome in outcomes] == [
        ("good", None),
        ("down", "It does not answer."),
    ]
    assert good.closed and down.closed
