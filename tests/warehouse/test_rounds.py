"""Rounds: what is known, where the next one goes on, and that a failing write leaves nothing."""

import pyarrow as pa
import pytest

from tests.fixtures.histories import NOON, batch, instant, run
from tests.fixtures.streams import a_stream, put_in_force
from tests.fixtures.warehouses import SOURCE, write
from warehouse import (
    Batch,
    Round,
    finish_round,
    known_runs,
    register_source,
    rows,
    watermark,
    write_batch,
)
from warehouse.batch import EVENTS


def a_round(seconds, **what_matters):
    return Round(started_at=instant(seconds), ended_at=instant(seconds + 1), is_complete=True, **what_matters)


def test_a_source_keeps_its_number(con):
    number = register_source(con, "crm", "database")

    assert register_source(con, "crm", "database") == number
    assert register_source(con, SOURCE, "temporal") != number


def test_the_cursor_moves_with_the_round_and_never_back(con):
    assert watermark(con, SOURCE) is None
    finish_round(con, SOURCE, a_round(10, as_of_at=instant(10), watermark="one"))
    finish_round(con, SOURCE, a_round(20, as_of_at=instant(5)))

    [source] = rows(con, "SELECT * FROM source")

    assert (source["as_of_at"], watermark(con, SOURCE)) == (instant(10), "one")
    assert [row["round_id"] for row in rows(con, "SELECT round_id FROM sync_round ORDER BY round_id")] == [1, 2]


def test_a_round_counts_the_runs_that_are_open_here(con):
    write(con, run("open"), run("closed").turn(1).close(), run("lost", observed_until_at=instant(9)))
    finish_round(con, SOURCE, a_round(10, open_there=1))

    [found] = rows(con, "SELECT open_here, open_there FROM sync_round")

    assert found == {"open_here": 1, "open_there": 1}


def test_known_runs_are_those_not_read_to_their_end(con):
    write(con, run("open"), run("closed").turn(1).close(), run("lost", observed_until_at=instant(9)))

    assert list(known_runs(con, SOURCE)) == ["open"]
    assert sorted(known_runs(con, SOURCE, ["closed", "lost", "never seen"])) == ["closed", "lost"]


def test_a_known_run_is_the_row_that_was_handed_over(con):
    story = run("open", 5, tail_token=b"token", parent_run_id="parent").turn(6)
    write(con, story)

    [known] = known_runs(con, SOURCE).values()

    assert known.row == story.row


def test_events_of_a_run_that_nobody_knows_are_left_out(con):
    events = pa.Table.from_pylist([{"run_id": "unknown", "event_id": 1, "type": 1, "time_at": NOON}], schema=EVENTS)

    assert write_batch(con, SOURCE, Batch(events=events), NOON) == 0


def test_a_source_that_was_never_registered_is_an_error(con):
    with pytest.raises(KeyError, match="register_source"):
        write_batch(con, "nowhere/default", Batch(), NOON)


def test_a_write_that_fails_leaves_nothing(con):
    put_in_force(con, a_stream())
    broken = run("broken").turn(1)
    broken.events[0]["type"] = None

    with pytest.raises(Exception, match="NOT NULL"):
        write_batch(con, SOURCE, batch(broken), NOON)

    assert [rows(con, f"SELECT * FROM {table}") for table in ("run", "event", "item")] == [[], [], []]
    write(con, run("good"))
    assert list(known_runs(con, SOURCE)) == ["good"]
