"""Filtering, grouping, sorting and cutting give what a plain loop over the rows gives."""

from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as some

from warehouse import WarehouseError, query
from warehouse.database import registered
from warehouse.selecting import OPERATORS, Filter, Selection, count_of, kinds_of, statement

START = datetime(2026, 3, 2, tzinfo=UTC)
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("name", pa.string()),
        ("n", pa.float64()),
        ("at", pa.timestamp("us", "UTC")),
        ("ok", pa.bool_()),
    ]
)
names = some.sampled_from(["a", "b", "Ab", "'; DROP TABLE x; --", '"', ""])
records = some.lists(
    some.fixed_dictionaries(
        {
            "name": some.none() | names,
            "n": some.none() | some.integers(-3, 3).map(float),
            "at": some.none() | some.integers(0, 3).map(lambda day: START + timedelta(days=day)),
            "ok": some.none() | some.booleans(),
        }
    ),
    max_size=12,
)
values = {
    "name": names,
    "n": some.integers(-3, 3).map(str),
    "at": some.integers(0, 3).map(lambda day: f"2026-03-0{2 + day}"),
    "ok": some.sampled_from(["true", "false"]),
}
filters = some.sampled_from(sorted(values)).flatmap(
    lambda column: some.builds(Filter, some.just(column), some.sampled_from(OPERATORS), values[column])
)


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as opened:
        opened.execute("SET TimeZone = 'UTC'")
        yield opened


def taken(con, rows, selection):
    numbered = [{"id": index, **row} for index, row in enumerate(rows)]
    with registered(con, {"asked_rows": pa.Table.from_pylist(numbered, schema=SCHEMA)}):
        kinds = kinds_of(con, "SELECT * FROM asked_rows")
        asked = statement("SELECT * FROM asked_rows", kinds, selection, order=("id",))
        found = query(con, asked.sql, **asked.params)
        assert tuple(found.column_names) == asked.columns
        assert count_of(con, asked) == found.num_rows
    return found.to_pylist()


def holds(row, wanted):
    value = row[wanted.column]
    if wanted.operator in ("empty", "filled"):
        return (value is None) is (wanted.operator == "empty")
    if wanted.operator == "~":
        shown = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
        if isinstance(value, float | datetime):
            return None  # How a number or an instant is written is DuckDB's to say.
        return value is not None and wanted.value.lower() in str(shown).lower()
    means = {
        "name": lambda text: text,
        "n": float,
        "at": lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
        "ok": lambda text: text == "true",
    }[wanted.column](wanted.value)
    if wanted.operator == "!=":
        return value != means
    if value is None:
        return False
    return {"=": value == means, ">=": value >= means, "<=": value <= means}[wanted.operator]


@given(records, some.lists(filters, max_size=3))
def test_filters_keep_the_rows_for_which_all_of_them_hold(con, rows, wanted):
    judged = [each for each in wanted if each.operator != "~" or each.column in ("name", "ok")]
    expected = [index for index, row in enumerate(rows) if all(holds(row, each) for each in judged)]

    assert [row["id"] for row in taken(con, rows, Selection(filters=tuple(judged)))] == expected


@given(records, some.sampled_from(["name", "n", "at", "ok"]), some.booleans())
def test_sorting_puts_what_is_empty_last_and_keeps_the_order_of_equals(con, rows, column, is_descending):
    numbered = [{"id": index, **row} for index, row in enumerate(rows)]
    filled = [row for row in numbered if row[column] is not None]
    expected = sorted(filled, key=lambda row: row[column], reverse=is_descending)
    if is_descending:  # Python's reverse keeps the order of equals, too.
        expected = sorted(filled, key=lambda row: row[column], reverse=True)
    expected += [row for row in numbered if row[column] is None]

    assert taken(con, rows, Selection(sort=column, is_descending=is_descending)) == expected


@given(records)
def test_groups_add_up_to_the_whole(con, rows):
    found = taken(con, rows, Selection(group=("name", "ok"), measure="n"))
    keys = {(row["name"], row["ok"]) for row in rows}

    assert {(row["name"], row["ok"]) for row in found} == keys
    assert sum(row["rows"] for row in found) == len(rows)
    for group in found:
        numbers = sorted(
            row["n"]
            for row in rows
            if (row["name"], row["ok"]) == (group["name"], group["ok"]) and row["n"] is not None
        )
        assert group["n"] == len(numbers)
        assert group["sum"] == (sum(numbers) if numbers else None)
        assert group["greatest"] == (numbers[-1] if numbers else None)
        assert group["p50"] == (numbers[(len(numbers) + 1) // 2 - 1] if numbers else None)


def test_a_page_is_a_part_of_the_whole(con):
    rows = [{"name": "a", "n": float(index), "at": None, "ok": None} for index in range(10)]

    assert [row["id"] for row in taken_page(con, rows, most=4, skip=4)] == [4, 5, 6, 7]


def taken_page(con, rows, **cut):
    numbered = [{"id": index, **row} for index, row in enumerate(rows)]
    with registered(con, {"asked_rows": pa.Table.from_pylist(numbered, schema=SCHEMA)}):
        kinds = kinds_of(con, "SELECT * FROM asked_rows")
        asked = statement("SELECT * FROM asked_rows", kinds, Selection(columns=("id",)), order=("id",), **cut)
        return query(con, asked.sql, **asked.params).to_pylist()


@pytest.mark.parametrize(
    ("selection", "sentence"),
    [
        (Selection(columns=("nam",)), "No column 'nam' here. Did you mean name"),
        (Selection(sort='"; DROP'), "No column '\"; DROP' here"),
        (Selection(group=("name",), measure="at"), "at holds no numbers"),
        (Selection(filters=(Filter("n", ">=", "many"),)), "n >= 'many': write a number"),
        (Selection(filters=(Filter("at", "=", "soon"),)), "at = 'soon': write an instant"),
        (Selection(filters=(Filter("ok", "=", "maybe"),)), "ok = 'maybe': write true or false"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(con, selection, sentence):
    with pytest.raises(WarehouseError) as refusal:
        taken(con, [], selection)

    assert str(refusal.value).startswith(sentence)
