"""The documented tables: each column said, none more, and a snapshot that holds just them."""

import duckdb
import pytest

from tests.pages.company import busy, service_of
from warehouse import WarehouseError, rows
from warehouse.selecting import kinds_of
from warehouse.snapshot import write_snapshot
from warehouse.views import VIEWS, find_view


@pytest.fixture(scope="module")
def filled():
    service = service_of(stories=busy(items=40))
    cursor = service.warehouse.cursor()
    yield cursor
    cursor.close()
    service.close()


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_column_of_a_table_is_documented(filled, view):
    assert list(kinds_of(filled, view.sql)) == [name for name, _ in view.columns]
    assert all(says.endswith(".") for _, says in view.columns)
    assert set(view.order) <= {name for name, _ in view.columns}


@pytest.mark.parametrize(
    ("view", "table"), [("items", "item"), ("stays", "stay"), ("waits", "wait"), ("decisions", "decision")]
)
def test_a_table_has_a_row_for_each_row_that_was_derived(filled, view, table):
    shown, derived = (
        rows(filled, f"SELECT count(*) AS n FROM ({sql})") for sql in (find_view(view).sql, f"SELECT * FROM {table}")
    )

    assert shown == derived != [{"n": 0}]


def test_the_order_of_a_table_is_total(filled):
    for view in VIEWS:
        keys = ", ".join(view.order)
        twice = rows(filled, f"SELECT {keys} FROM ({view.sql}) GROUP BY {keys} HAVING count(*) > 1")
        assert twice == [], view.name


def test_an_item_is_shown_where_it_is_and_with_what_it_is_worth(filled):
    shown = {row["item"]: row for row in rows(filled, find_view("items").sql)}
    open_items = [row for row in shown.values() if row["closed_at"] is None]
    stays = rows(filled, "SELECT workflow_id, stage FROM stay JOIN item USING (stream, item_key) WHERE left_at IS NULL")

    assert {row["item"]: row["stage"] for row in open_items} == {row["workflow_id"]: row["stage"] for row in stays}
    assert {row["unit"] for row in shown.values()} == {"EUR"}
    assert any(row["value"] for row in shown.values())


def test_a_table_that_is_not_there_is_told_with_the_nearest(filled):
    with pytest.raises(WarehouseError, match=r"No table 'item'\. Did you mean items"):
        find_view("item")


def test_a_snapshot_holds_the_documented_tables_and_nothing_else(filled, tmp_path):
    counts = write_snapshot(filled, tmp_path / "copy.duckdb", {"made_by": "it's us"})

    with duckdb.connect(str(tmp_path / "copy.duckdb"), read_only=True) as copy:
        tables = {name for (name,) in copy.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        assert tables == {view.name for view in VIEWS} | {"about"}
        uncommented = copy.execute(
            "SELECT table_name, column_name FROM duckdb_columns() "
            "WHERE NOT internal AND comment IS NULL AND table_name <> 'about'"
        ).fetchall()
        assert uncommented == []
        assert copy.execute("SELECT count(*) FROM stays").fetchall() == [(counts["stays"],)]
        assert copy.execute("SELECT name, value FROM about").fetchall() == [("made_by", "it's us")]


def test_a_snapshot_overwrites_nothing_and_a_failed_one_leaves_no_file(filled, tmp_path):
    there = tmp_path / "there.duckdb"
    there.write_text("mine")

    with pytest.raises(WarehouseError, match=r"there\.duckdb is there already"):
        write_snapshot(filled, there, {})
    with pytest.raises(WarehouseError, match="Could not write"):
        write_snapshot(filled, tmp_path / "no folder" / "copy.duckdb", {})
    assert there.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["there.duckdb"]
    write_snapshot(filled, tmp_path / "next.duckdb", {})
