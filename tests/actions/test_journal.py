"""The journal: on the disk before and after, and readable whatever happened to it."""

import asyncio
from datetime import UTC, datetime

import pytest

from actions.errors import ActionError
from actions.journal import Journal
from connectors.errors import ConnectorError
from connectors.journal import read_journal
from tests.metrics.test_nudges import record

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
RUN = {"workflow_id": "w", "run_id": "r"}


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "nudges.jsonl")


def test_what_is_written_is_what_is_read(journal):
    written = [record("p", number, "requested", NOW, RUN) for number in range(3)]
    journal.write(*written)

    part = read_journal(journal.path)
    assert list(part.records) == written
    assert (part.faults, part.is_torn, part.end) == ((), False, journal.path.stat().st_size)
    assert read_journal(journal.path, part.end).records == ()
    assert journal.path.stat().st_mode & 0o777 == 0o600


def test_a_line_that_a_crash_cut_off_is_told_and_the_rest_survives(journal):
    first, second = (record("p", number, "requested", NOW, RUN) for number in range(2))
    journal.write(first)
    with journal.path.open("ab") as file:
        file.write(b'{"record_id":"half')
    torn = read_journal(journal.path)
    journal.write(second)
    mended = read_journal(journal.path, torn.end)

    assert (torn.records, torn.faults, torn.is_torn) == ((first,), (), True)
    assert (mended.records, mended.is_torn) == ((second,), False)
    assert len(mended.faults) == 1
    assert "are no record" in mended.faults[0]


@pytest.mark.parametrize("line", ['["a list"]', "{}", "null", "\xff", '{"record_id": 3}'])
def test_a_line_of_nonsense_is_told(journal, line):
    journal.path.write_text(line + "\n")

    assert len(read_journal(journal.path).faults) == 1


def test_a_journal_that_lost_its_end_is_not_read_as_if_nothing_had_been(journal):
    journal.write(record("p", 0, "requested", NOW, RUN))
    with pytest.raises(ConnectorError, match="shorter than it was"):
        read_journal(journal.path, 100_000)
    journal.path.unlink()
    with pytest.raises(ConnectorError, match="is gone"):
        read_journal(journal.path, 5)
    assert read_journal(journal.path).records == ()


def test_what_the_disk_does_not_take_stops_the_act(journal):
    journal.path.mkdir()
    with pytest.raises(ActionError, match="so nothing is done"):
        journal.write(record("p", 0, "requested", NOW, RUN))


def test_only_one_sends_at_a_time(journal):
    async def story():
        async with journal.sending():
            with pytest.raises(ActionError, match="Another nudge is being sent"):
                async with journal.sending(patience_seconds=0.2):
                    raise AssertionError
        async with journal.sending(patience_seconds=0.2):
            pass

    asyncio.run(story())
