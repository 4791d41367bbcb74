"""The journal as a source: read on from where the last round ended; a broken line is told; forgotten with its item."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from actions.journal import Journal, journal_path
from app.journal_source import JournalSource
from app.source_writer import SourceWriter
from app.write_turn import WriteTurn
from connectors.journal import NAME
from tests.app.conftest import fill
from tests.fixtures.histories import NOON
from tests.metrics.test_nudges import record
from tests.pages.company import service_of
from warehouse import forget, rows

RUN = {"workflow_id": "request-1", "run_id": "request-1"}


@pytest.fixture
def read(tmp_path):
    """A warehouse that reads a journal: gives the journal, a round, and what the warehouse then holds."""
    opened = fill(None)
    service = service_of()
    service.close()
    service = replace(service, warehouse=opened)
    journal = Journal(journal_path(tmp_path / "streamgauge.duckdb"))

    def round_():
        source = JournalSource(SourceWriter(service, NAME, "journal", WriteTurn()), journal.path)
        return asyncio.run(source.read())

    con = opened.cursor()
    yield journal, round_, con
    opened.close()


def test_each_record_is_read_once_and_a_broken_line_is_told_once(read):
    journal, round_, con = read
    assert round_().events_added == 0
    journal.write(record("p", 0, "planned", NOON, RUN), record("p", 0, "requested", NOON, RUN))
    assert round_().events_added == 2
    with journal.path.open("ab") as file:
        file.write(b'{"record_id":"half')
    assert round_().error is None
    journal.write(record("p", 0, "accepted", NOON + timedelta(seconds=1), RUN))
    told = round_()
    after = round_()

    assert told.events_added == 1
    assert "a crash leaves that" in told.error
    assert (after.events_added, after.error) == (0, None)
    assert [row["state"] for row in rows(con, "SELECT state FROM nudge ORDER BY recorded_at, state DESC")] == [
        "requested",
        "planned",
        "accepted",
    ]


def test_what_was_done_to_a_forgotten_item_names_it_no_more(read):
    journal, round_, con = read
    journal.write(record("p", 0, "accepted", NOON, RUN, answer="secret", seen="{}"))
    round_()
    forget(con, "request-1", NOON)
    journal.write(record("p", 0, "accepted", NOON + timedelta(seconds=1), RUN, answer="secret"))
    round_()

    found = rows(con, "SELECT * FROM nudge")
    assert len(found) == 2
    assert all(row["workflow_id"].startswith("forgotten-") and row["item"].startswith("forgotten-") for row in found)
    assert [(row["answer"], row["seen"], row["reason"]) for row in found] == [(None, None, "")] * 2
    assert {row["actor"] for row in found} == {"anna"}
