"""Being asked to end, at the moments that are hard to hit."""

import asyncio
import signal

import pytest

from app import signals

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def listening():
    """The signals are heard as in a command; afterwards as before."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    signals.treat_sigterm_as_ctrl_c()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    signals._asked_to_end.clear()


def test_work_that_nobody_ends_gives_its_result():
    async def work():
        return 7

    assert signals.run_until_asked(work()) == 7


def test_work_in_the_middle_tidies_up_with_all_its_tasks():
    tidied = []

    async def part(name):
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            tidied.append(name)

    async def work():
        asyncio.get_running_loop().call_later(0.01, signal.raise_signal, signal.SIGTERM)
        await asyncio.gather(part("one"), part("two"))

    with pytest.raises(KeyboardInterrupt):
        signals.run_until_asked(work())
    assert sorted(tidied) == ["one", "two"]


def test_a_signal_while_the_loop_is_made_leaves_no_half_a_loop_and_begins_no_work(monkeypatch):
    made, begun = [], []

    def make():
        made.append(asyncio.SelectorEventLoop())
        signal.raise_signal(signal.SIGINT)
        return made[0]

    async def work():
        begun.append(True)

    monkeypatch.setattr(asyncio.events, "new_event_loop", make)
    with pytest.raises(KeyboardInterrupt):
        signals.run_until_asked(work())
    assert made[0].is_closed()
    assert begun == []


def test_who_asks_twice_does_not_wait():
    async def work():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        signals.run_until_asked(work())
