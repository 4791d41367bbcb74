"""Rounds on real databases: nothing is lost, nothing is doubled."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.connectors.database.conftest import NOON, Mirror

REQUESTS = {"name": "requests", "key": ["id"], "cursor": "updated_at"}
MakeMirror = Callable[..., Mirror]


@pytest.fixture
def requests(mirror_of: MakeMirror, any_url: str) -> Mirror:
    """A mirror of one table with a cursor, still empty."""
    mirror = mirror_of(any_url, tables=[REQUESTS])
    mirror.sql("CREATE TABLE requests (id INTEGER, status TEXT, updated_at TIMESTAMP)")
    return mirror


def put(mirror: Mirror, row: int, status: str, at: str | None) -> None:
    """Insert a row; `at` is a time of the day, UTC."""
    instant = at and f"2026-03-01 {at}"
    mirror.sql("INSERT INTO requests VALUES (:id, :status, :at)", id=row, status=status, at=instant)


def change(mirror: Mirror, row: int, status: str, at: str) -> None:
    instant = f"2026-03-01 {at}"
    mirror.sql(
        "UPDATE requests SET status = :status, updated_at = :at WHERE id = :id", id=row, status=status, at=instant
    )


def statuses(mirror: Mirror) -> dict[str, str]:
    return {row_id: content["status"] for row_id, content in mirror.rows().items()}


def test_a_first_round_brings_every_row_and_a_second_nothing(requests: Mirror) -> None:
    put(requests, 1, "new", "11:00:00")
    put(requests, 2, "open", "11:59:00.5")

    first, second = requests.round(), requests.round()

    assert requests.versions() == [
        ("[1]", {"id": 1, "status": "new", "updated_at": "2026-03-01T11:00:00Z"}),
        ("[2]", {"id": 2, "status": "open", "updated_at": "2026-03-01T11:59:00.500000Z"}),
    ]
    assert (first.rows_changed, second.rows_changed) == (2, 0)
    assert first.is_complete and second.is_complete
    assert second.as_of_at == NOON + timedelta(seconds=4)
    assert first.requests > 0 and first.error is None


def test_each_change_becomes_a_version(requests: Mirror) -> None:
    put(requests, 1, "new", "11:00:00")
    requests.round()
    change(requests, 1, "done", "11:00:01")
    requests.round()

    assert [content and content["status"] for _, content in requests.versions()] == ["new", "done"]


def test_rows_with_the_same_cursor_value_as_the_newest_are_found(requests: Mirror) -> None:
    put(requests, 1, "new", "11:00:00")
    requests.round()
    put(requests, 2, "new", "11:00:00")
    change(requests, 1, "open", "11:00:00")
    requests.round()

    assert statuses(requests) == {"[1]": "open", "[2]": "new"}


def test_a_commit_that_comes_late_with_an_older_cursor_value_is_found(requests: Mirror) -> None:
    put(requests, 1, "new", "11:00:10")
    requests.round()
    put(requests, 2, "late", "11:00:05.001")
    requests.round()

    assert statuses(requests) == {"[1]": "new", "[2]": "late"}


def test_a_row_that_came_later_than_the_overlap_is_found_by_the_sweep(requests: Mirror) -> None:
    put(requests, 1, "new", "11:00:10")
    requests.round()
    put(requests, 2, "very late", "10:00:00")
    requests.round()
    assert statuses(requests) == {"[1]": "new"}

    swept = requests.round(after=60)
    requests.round()

    assert statuses(requests) == {"[1]": "new", "[2]": "very late"}
    assert swept.notes == (
        "Database crm, requests: 1 row came with a cursor updated_at older than the overlap of 5 s; "
        "the whole table is read in the next round.",
    )


def test_an_instant_in_the_future_does_not_hide_what_comes_after(requests: Mirror) -> None:
    requests.sql("INSERT INTO requests VALUES (1, 'planned', '2999-01-01 00:00:00')")
    requests.round()
    requests.sql("INSERT INTO requests VALUES (2, 'now', '2998-01-01 00:00:00')")
    requests.round()

    assert statuses(requests) == {"[1]": "planned", "[2]": "now"}


def test_rows_without_a_cursor_value_are_always_read(requests: Mirror) -> None:
    put(requests, 1, "new", "11:00:00")
    requests.round()
    put(requests, 2, "no time", None)
    requests.round()

    assert statuses(requests) == {"[1]": "new", "[2]": "no time"}


def test_a_deleted_row_is_found_by_the_sweep_and_may_come_back(requests: Mirror) -> None:
    put(requests, 1, "new", "11:00:00")
    put(requests, 2, "stays", "11:00:00")
    requests.round()
    requests.sql("DELETE FROM requests WHERE id = 1")
    requests.round()
    assert "[1]" in requests.rows()

    requests.round(after=60)
    assert requests.rows().keys() == {"[2]"}

    put(requests, 1, "again", "11:30:00")
    requests.round()
    assert [content and content["status"] for row_id, content in requests.versions() if row_id == "[1]"] == [
        "new",
        None,
        "again",
    ]


def test_a_table_emptied_and_filled_from_the_beginning_is_read_again(mirror_of: MakeMirror, any_url: str) -> None:
    mirror = mirror_of(any_url, tables=[{"name": "ledger", "key": ["id"], "cursor": "id"}])
    mirror.sql("CREATE TABLE ledger (id INTEGER, amount INTEGER)", "INSERT INTO ledger VALUES (100, 5), (101, 6)")
    mirror.round()
    mirror.sql("DELETE FROM ledger", "INSERT INTO ledger VALUES (1, 7)")

    mirror.round(after=60)
    mirror.round()

    assert mirror.rows("ledger") == {"[1]": {"id": 1, "amount": 7}}


def test_a_number_that_is_committed_late_is_found(mirror_of: MakeMirror, any_url: str) -> None:
    mirror = mirror_of(any_url, tables=[{"name": "ledger", "key": ["id"], "cursor": "id"}])
    mirror.sql("CREATE TABLE ledger (id INTEGER, amount INTEGER)", "INSERT INTO ledger VALUES (1, 5)")
    mirror.round()
    mirror.round(after=10)
    mirror.sql("INSERT INTO ledger VALUES (3, 5)")
    mirror.round()
    mirror.sql("INSERT INTO ledger VALUES (2, 5)")
    mirror.round()

    assert mirror.rows("ledger").keys() == {"[1]", "[2]", "[3]"}


def test_several_columns_together_are_a_key(mirror_of: MakeMirror, any_url: str) -> None:
    mirror = mirror_of(any_url, tables=[{"name": "approvals", "key": ["request", "number"]}])
    mirror.sql(
        "CREATE TABLE approvals (request TEXT, number INTEGER, outcome TEXT)",
        """INSERT INTO approvals VALUES ('a","b', 1, 'x'), ('a', 1, 'y'), ('a', 2, 'z')""",
    )
    mirror.round()

    assert mirror.rows("approvals").keys() == {'["a\\",\\"b",1]', '["a",1]', '["a",2]'}


def test_a_table_without_cursor_is_compared_whole(mirror_of: MakeMirror, any_url: str) -> None:
    mirror = mirror_of(any_url, tables=[{"name": "users", "key": ["id"]}])
    mirror.sql("CREATE TABLE users (id INTEGER, role TEXT)", "INSERT INTO users VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    mirror.round()
    mirror.sql("UPDATE users SET role = 'd' WHERE id = 1", "DELETE FROM users WHERE id = 2")
    second, third = mirror.round(), mirror.round()

    assert mirror.rows("users") == {"[1]": {"id": 1, "role": "d"}, "[3]": {"id": 3, "role": "c"}}
    assert (second.rows_changed, third.rows_changed) == (2, 0)


def test_a_query_may_stand_for_a_table(mirror_of: MakeMirror, any_url: str) -> None:
    query = "SELECT id, status || ':open' AS state, updated_at FROM requests WHERE status LIKE 'n%' -- new"
    mirror = mirror_of(any_url, tables=[{"name": "new ones", "key": ["id"], "cursor": "updated_at", "query": query}])
    mirror.sql("CREATE TABLE requests (id INTEGER, status TEXT, updated_at TIMESTAMP)")
    put(mirror, 1, "new", "11:00:00")
    put(mirror, 2, "open", "11:00:00")
    mirror.round()
    put(mirror, 3, "new", "11:00:00")
    result = mirror.round()

    assert result.error is None
    assert {row["id"]: row["state"] for row in mirror.rows("new ones").values()} == {1: "new:open", 3: "new:open"}


def test_only_the_named_columns_are_kept(mirror_of: MakeMirror, any_url: str) -> None:
    mirror = mirror_of(any_url, tables=[{**REQUESTS, "columns": ["status"]}])
    mirror.sql("CREATE TABLE requests (id INTEGER, status TEXT, ssn TEXT, updated_at TIMESTAMP)")
    mirror.sql("INSERT INTO requests VALUES (1, 'new', '123', '2026-03-01 11:00:00')")
    mirror.round()

    assert mirror.rows()["[1]"].keys() == {"id", "status", "updated_at"}


def test_columns_that_come_and_go_are_followed_and_said(requests: Mirror) -> None:
    put(requests, 1, "new", "11:00:00")
    requests.round()
    requests.sql("ALTER TABLE requests ADD COLUMN region TEXT DEFAULT 'north'")
    added = requests.round()
    requests.sql("ALTER TABLE requests DROP COLUMN status")
    dropped = requests.round()

    assert added.notes == ("Database crm, requests: column region was added.",)
    assert dropped.notes == ("Database crm, requests: column status was dropped.",)
    assert added.is_complete and dropped.is_complete
    assert requests.rows() == {"[1]": {"id": 1, "region": "north", "updated_at": "2026-03-01T11:00:00Z"}}


@pytest.mark.postgres
def test_a_retyped_column_is_followed_and_said(mirror_of: MakeMirror, postgres_url: str) -> None:
    mirror = mirror_of(postgres_url, tables=[REQUESTS])
    mirror.sql("CREATE TABLE requests (id INTEGER, amount INTEGER, updated_at TIMESTAMP)")
    mirror.sql("INSERT INTO requests VALUES (1, 5, '2026-03-01 11:00:00')")
    mirror.round()
    mirror.sql("ALTER TABLE requests ALTER amount TYPE numeric(8,2), ALTER updated_at TYPE timestamptz")
    result = mirror.round()
    mirror.sql("INSERT INTO requests VALUES (2, 1, '2026-03-01 11:00:00Z')")
    mirror.round()

    assert result.is_complete
    assert result.notes == (
        "Database crm, requests: column amount was int4, is numeric(8,2), column updated_at was timestamp, "
        "is timestamptz.",
    )
    assert {row["amount"] for row in mirror.rows().values()} == {"5.00", "1.00"}


def test_a_round_cut_short_at_any_batch_is_read_again_without_loss_or_double(requests: Mirror) -> None:
    series = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 7000) "
    requests.sql(f"INSERT INTO requests {series} SELECT i, 'new', '2026-03-01 11:00:00' FROM n")

    requests.round(only_batches=1)
    assert len(requests.versions()) == 5_000
    requests.round()

    assert sorted(row_id for row_id, _ in requests.versions()) == sorted(f"[{row}]" for row in range(1, 7_001))


def test_another_key_in_the_config_replaces_the_rows(requests: Mirror) -> None:
    put(requests, 1, "new", "11:00:00")
    requests.round()
    requests.configure(tables=[{**REQUESTS, "key": ["id", "status"]}])
    requests.round()

    assert requests.rows().keys() == {'[1,"new"]'}


def test_a_large_table_without_cursor_is_read_whole_only_now_and_then(mirror_of: MakeMirror, any_url: str) -> None:
    mirror = mirror_of(any_url, tables=[{"name": "users", "key": ["id"]}])
    mirror.sql("CREATE TABLE users (id INTEGER)", "INSERT INTO users VALUES (1)")
    series = "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) "
    mirror.sql(f"INSERT INTO users {series} SELECT i FROM n")
    mirror.round()
    read_at = mirror.now
    mirror.sql("DELETE FROM users WHERE id = 1")

    too_early, due = mirror.round(after=2), mirror.round(after=1)

    assert (too_early.requests, too_early.rows_changed, too_early.as_of_at) == (0, 0, read_at)
    assert (due.rows_changed, due.as_of_at) == (1, mirror.now)
