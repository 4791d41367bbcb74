"""Rows held back look like written ones, and are written as they were last."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow as pa

from app.held_rows import MOST_ROWS, HeldRows
from warehouse.batch import ROW_VERSIONS, Batch

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Kept:
    """What is in the warehouse: rows 1 and 2 of `requests`."""

    def contents(self, table: str, row_ids: Sequence[str]) -> dict[str, str | None]:
        return {one: "kept" for one in row_ids if one in ("1", "2")} if table == "requests" else {}

    def row_ids(self, table: str) -> "pa.ChunkedArray[pa.StringScalar]":
        return pa.chunked_array([["1", "2"] if table == "requests" else []], type=pa.string())

    def count_forgotten(self, table: str, row_ids: Sequence[str]) -> int:
        return 0


def versions(table: str, **contents: str | None) -> Batch:
    rows = [
        {"table_name": table, "row_id": one[1:], "seen_at": NOON, "content": content, "is_deleted": content is None}
        for one, content in contents.items()
    ]
    return Batch(row_versions=pa.Table.from_pylist(rows, schema=ROW_VERSIONS))


def test_what_is_held_counts_as_known():
    held = HeldRows(Kept())
    held.hold(versions("requests", _2=None, _3="new"))

    assert held.contents("requests", ["1", "2", "3", "4"]) == {"1": "kept", "2": None, "3": "new"}
    assert sorted(held.row_ids("requests").to_pylist()) == ["1", "3"]
    assert held.row_ids("ledger").to_pylist() == []


def test_all_tables_are_written_at_once_each_row_as_it_was_last():
    held = HeldRows(Kept())
    held.hold(versions("requests", _1="changed", _2=None))
    held.hold(versions("ledger", _1="other"))
    held.hold(versions("requests", _2=None, _1="changed again"))

    batch = held.take()

    assert batch is not None
    assert batch.row_versions.schema == ROW_VERSIONS
    written = {(row["table_name"], row["row_id"]): row["content"] for row in batch.row_versions.to_pylist()}
    assert written == {("requests", "1"): "changed again", ("requests", "2"): None, ("ledger", "1"): "other"}
    assert batch.row_versions.num_rows == 3


def test_after_writing_nothing_is_held():
    held = HeldRows(Kept())
    held.hold(versions("requests", _1="changed"))
    held.take()

    assert held.take() is None
    assert held.contents("requests", ["1"]) == {"1": "kept"}


def test_it_is_full_before_it_needs_much_memory():
    held = HeldRows(Kept())
    held.hold(versions("requests", **{f"_{number}": "new" for number in range(MOST_ROWS - 1)}))
    assert not held.is_full

    held.hold(versions("ledger", _1="new"))
    assert held.is_full
