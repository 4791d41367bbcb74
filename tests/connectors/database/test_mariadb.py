"""Rounds on a real MariaDB: nothing is lost, nothing is doubled, nobody is held up."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection, NullPool, create_engine, make_url, text

from tests.connectors.database.conftest import NOON, REQUESTS, Mirror, put_request, statuses

pytestmark = pytest.mark.mariadb
MakeMirror = Callable[..., Mirror]


@contextmanager
def writing(url: str) -> Iterator[Connection]:
    """A connection of somebody else, whose transaction is open until it commits."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        yield connection


def test_each_change_becomes_a_version_and_nothing_else_does(mariadb_requests: Mirror) -> None:
    put_request(mariadb_requests, 1, "new", "11:00:00")
    first = mariadb_requests.round()
    put_request(mariadb_requests, 1, "done", "11:00:01.500")
    second, third = mariadb_requests.round(), mariadb_requests.round()

    assert mariadb_requests.versions() == [
        ("[1]", {"id": 1, "status": "new", "updated_at": "2026-03-01T11:00:00Z"}),
        ("[1]", {"id": 1, "status": "done", "updated_at": "2026-03-01T11:00:01.500000Z"}),
    ]
    assert [one.rows_changed for one in (first, second, third)] == [1, 1, 0]
    assert third.is_complete and third.as_of_at == NOON + timedelta(seconds=6)


def test_rows_with_the_same_cursor_value_as_the_newest_are_found(mariadb_requests: Mirror) -> None:
    put_request(mariadb_requests, 1, "new", "11:00:00")
    mariadb_requests.round()
    put_request(mariadb_requests, 2, "new", "11:00:00")
    put_request(mariadb_requests, 1, "open", "11:00:00")
    mariadb_requests.round()

    assert statuses(mariadb_requests) == {"[1]": "open", "[2]": "new"}


def test_a_transaction_that_commits_late_is_found_within_the_overlap(mariadb_requests: Mirror) -> None:
    with writing(mariadb_requests.url) as late:
        late.execute(text("INSERT INTO requests VALUES (2, 'late', '2026-03-01 11:00:05.001')"))
        put_request(mariadb_requests, 1, "new", "11:00:10")
        mariadb_requests.round()
        assert statuses(mariadb_requests) == {"[1]": "new"}
        late.commit()
    mariadb_requests.round()

    assert statuses(mariadb_requests) == {"[1]": "new", "[2]": "late"}


def test_a_reader_waits_for_no_writer_and_holds_none_up(mariadb_requests: Mirror) -> None:
    put_request(mariadb_requests, 1, "new", "11:00:00")
    with writing(mariadb_requests.url) as other:
        other.execute(text("UPDATE requests SET status = 'open', updated_at = '2026-03-01 11:00:01'"))
        assert mariadb_requests.round().is_complete
        assert statuses(mariadb_requests) == {"[1]": "new"}
        other.execute(text("DELETE FROM requests"))
        other.commit()
    mariadb_requests.sql("ALTER TABLE requests ADD COLUMN note TEXT")  # Would wait for a transaction that we left open.


def test_a_row_without_an_instant_is_read_every_time(mirror_of: MakeMirror, mariadb_url: str) -> None:
    mirror = mirror_of(mariadb_url, tables=[REQUESTS])
    mirror.sql("CREATE TABLE requests (id INT, status TEXT, updated_at DATETIME NULL)")
    mirror.sql(
        "INSERT INTO requests VALUES (1, 'new', '2026-03-01 11:00:00'), (2, 'new', NULL), (3, 'new', '0000-00-00')"
    )
    mirror.round()
    mirror.sql("UPDATE requests SET status = 'open' WHERE id > 1")
    mirror.round()

    assert statuses(mirror) == {"[1]": "new", "[2]": "open", "[3]": "open"}


def test_a_table_of_nothing_but_zero_dates_is_read_on(mirror_of: MakeMirror, mariadb_url: str) -> None:
    mirror = mirror_of(mariadb_url, tables=[REQUESTS])
    mirror.sql("CREATE TABLE requests (id INT, status TEXT, updated_at DATETIME NOT NULL)")
    mirror.sql("INSERT INTO requests VALUES (1, 'new', 0)")
    mirror.round()
    mirror.sql("UPDATE requests SET status = 'open'", "INSERT INTO requests VALUES (2, 'new', '2026-03-01 11:00:00')")

    assert mirror.round(after=30).error is None
    assert mirror.round(after=30).error is None
    assert statuses(mirror) == {"[1]": "open", "[2]": "new"}


def test_a_deleted_row_is_found_by_the_sweep_and_may_come_back(mariadb_requests: Mirror) -> None:
    put_request(mariadb_requests, 1, "new", "11:00:00")
    put_request(mariadb_requests, 2, "stays", "11:00:00")
    mariadb_requests.round()
    mariadb_requests.sql("DELETE FROM requests WHERE id = 1")
    mariadb_requests.round(after=60)
    assert mariadb_requests.rows().keys() == {"[2]"}

    put_request(mariadb_requests, 1, "again", "11:30:00")
    mariadb_requests.round()
    assert [row and row["status"] for row_id, row in mariadb_requests.versions() if row_id == "[1]"] == [
        "new",
        None,
        "again",
    ]


def test_changed_columns_are_noted_and_every_row_is_read_again(mariadb_requests: Mirror) -> None:
    put_request(mariadb_requests, 1, "new", "11:00:00")
    put_request(mariadb_requests, 2, "new", "11:59:00")
    mariadb_requests.round()
    mariadb_requests.sql("ALTER TABLE requests ADD COLUMN paid TINYINT DEFAULT 1, MODIFY status ENUM('new', 'done')")
    result = mariadb_requests.round()

    assert result.notes == (
        "Database crm, requests: column paid was added, column status was text, is enum('new','done').",
    )
    assert [row["paid"] for row in mariadb_requests.rows().values()] == [1, 1]
    mariadb_requests.sql("ALTER TABLE requests DROP COLUMN paid")
    assert mariadb_requests.round().notes == ("Database crm, requests: column paid was dropped.",)


@pytest.mark.parametrize("scheme", ["mysql", "mariadb"])
def test_both_names_of_the_scheme_are_the_same(mirror_of: MakeMirror, mariadb_url: str, scheme: str) -> None:
    mirror = mirror_of(mariadb_url, tables=[{"name": "made", "key": ["id"], "query": "SELECT 1 AS id"}])
    mirror.url = make_url(mariadb_url).set(drivername=scheme).render_as_string(hide_password=False)
    mirror.configure(tables=mirror.config.tables)

    assert mirror.round().is_complete
