"""One thread writes and serves a small warehouse; to read a large one, DuckDB takes as many as it likes."""

import os
from pathlib import Path

import pytest
from duckdb import DuckDBPyConnection

from tests.fixtures.histories import Story
from tests.fixtures.warehouses import write
from warehouse import comparison, execute, open_warehouse, rows
from warehouse.threads import fit_threads
from warehouse.transactions import transaction


def threads(con: DuckDBPyConnection) -> int:
    return int(rows(con, "SELECT current_setting('threads') AS threads")[0]["threads"])


@pytest.mark.parametrize("is_filed", [True, False])
def test_an_empty_warehouse_opens_with_one_thread(tmp_path: Path, is_filed: bool) -> None:
    opened = open_warehouse(tmp_path / "small.duckdb" if is_filed else None)
    assert threads(opened.cursor()) == 1
    opened.close()


def test_a_warehouse_opened_to_read_has_as_many_as_one_to_write(tmp_path: Path) -> None:
    open_warehouse(tmp_path / "small.duckdb").close()
    opened = open_warehouse(tmp_path / "small.duckdb", read_only=True)
    assert threads(opened.cursor()) == 1
    opened.close()


def test_writing_a_batch_gives_a_small_warehouse_its_one_thread(con: DuckDBPyConnection) -> None:
    execute(con, "SET GLOBAL threads = 3")
    write(con, Story("a", 0).turn())
    assert threads(con) == 1


def test_above_the_limit_duckdb_takes_what_it_would_and_below_one_again(con: DuckDBPyConnection) -> None:
    write(con, Story("a", 0).turn())
    events = rows(con, "SELECT count(*) AS n FROM event")[0]["n"]
    fit_threads(con, most=events - 1)
    assert threads(con) == os.cpu_count()
    fit_threads(con)
    assert threads(con) == 1


def test_what_is_written_after_nothing_in_the_same_transaction_is_there(con: DuckDBPyConnection) -> None:
    execute(con, "SET GLOBAL threads = 2")  # So many lose it in DuckDB 1.5.
    execute(con, "CREATE TEMP TABLE empty_one (number BIGINT)")
    with transaction(con):
        execute(con, "CREATE TEMP TABLE filled (number BIGINT)")
        execute(con, "INSERT INTO filled SELECT number FROM empty_one ORDER BY number")
        execute(con, "INSERT INTO filled SELECT range AS number FROM range(130000) ORDER BY number")
    assert rows(con, "SELECT count(*) AS n FROM filled") == [{"n": 130_000}]
    execute(con, "DROP TABLE filled")
    execute(con, "DROP TABLE empty_one")


def test_what_is_derived_to_be_compared_is_written_with_one_thread(
    con: DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(comparison, "derive_everything", lambda cursor: seen.append(threads(cursor)))
    execute(con, "SET GLOBAL threads = 2")
    assert comparison.differing_rows(con) == {}
    assert seen == [1]


def test_threads_that_somebody_set_for_a_large_warehouse_stay(con: DuckDBPyConnection) -> None:
    write(con, Story("a", 0).turn())
    execute(con, "SET GLOBAL threads = 3")
    fit_threads(con, most=0)
    assert threads(con) == 3
    fit_threads(con)
