"""What a value of each type becomes."""

import json
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.database.content import content_text, instant_text, row_id
from tests.connectors.database.conftest import Mirror

MakeMirror = Callable[..., Mirror]
HOSTILE = [
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x")',
    "'; DROP TABLE t; --",
    "tab\tand\nline\r\nbreaks\x0b\u2028",
    "\u202eright to left\u202c שלום",
    "👩‍👩‍👧 e\u0301",
    "%s %(x)s :y {z} \\",
    "x" * 10_000,
]
POSTGRES_VALUES = [
    ("numeric(12,2)", "1234.50", "1234.50"),
    ("numeric", "1e30", "1000000000000000000000000000000"),
    ("numeric", "'NaN'", "NaN"),
    ("numeric", "'-Infinity'", "-Infinity"),
    ("float8", "0.1", 0.1),
    ("float8", "'NaN'", "NaN"),
    ("float8", "'Infinity'", "Infinity"),
    ("bigint", "9223372036854775807", 9223372036854775807),
    ("boolean", "true", True),
    ("text", "NULL", None),
    ("timestamptz", "'2026-03-01 12:00:00.123456+02'", "2026-03-01T10:00:00.123456Z"),
    ("timestamp", "'2026-03-01 12:00:00'", "2026-03-01T12:00:00Z"),
    ("timestamptz", "'infinity'", "infinity"),
    ("timestamptz", "'0044-03-15 00:00:00+00 BC'", "0044-03-15 00:00:00+00 BC"),
    ("timestamptz", "'20000-01-01 00:00:00+00'", "20000-01-01 00:00:00+00"),
    ("date", "'2026-02-28'", "2026-02-28"),
    ("date", "'-infinity'", "-infinity"),
    ("time", "'12:30:00'", "12:30:00"),
    ("time", "'24:00:00'", "24:00:00"),
    ("timetz", "'12:30:00+02'", "12:30:00+02:00"),
    ("interval", "'1 mon 2 days 3 hours'", "P1M2DT3H"),
    ("uuid", "'6f1c8d4e-0f0a-4b6e-8f51-0d5cf1c5a111'", "6f1c8d4e-0f0a-4b6e-8f51-0d5cf1c5a111"),
    ("jsonb", """'{"b": [1, 2.5, null], "a": {"c": "é"}}'""", {"a": {"c": "é"}, "b": [1, 2.5, None]}),
    ("json", """'{"nul": "a\\u0000b", "half": "\\ud800"}'""", {"nul": "a\ufffdb", "half": "\ufffd"}),
    ("integer[]", "'{{1,2},{3,NULL}}'", [[1, 2], [3, None]]),
    ("timestamptz[]", "'{2026-03-01 12:00:00+00,infinity}'", ["2026-03-01T12:00:00Z", "infinity"]),
    ("numeric[]", "'{1.50}'", ["1.50"]),
    ("mood", "'not so good'", "not so good"),
    ("bytea", "'\\x00ff10'", {"bytes": 3}),
    ("inet", "'10.0.0.1/8'", "10.0.0.1/8"),
    ("int4range", "'[1,5)'", "[1, 5)"),
    ("money", "12.5", "$12.50"),
    ("bit(3)", "B'101'", "101"),
]


@pytest.mark.postgres
def test_every_type_of_postgresql(mirror_of: MakeMirror, postgres_url: str) -> None:
    columns = ", ".join(f"c{index} {kind}" for index, (kind, _, _) in enumerate(POSTGRES_VALUES))
    values = ", ".join(value.replace(":", r"\:") for _, value, _ in POSTGRES_VALUES)
    mirror = mirror_of(postgres_url, tables=[{"name": "kinds", "key": ["id"]}])
    mirror.sql("CREATE TYPE mood AS ENUM ('good', 'not so good')")
    mirror.sql(f"CREATE TABLE kinds (id integer, {columns})", f"INSERT INTO kinds VALUES (1, {values})")

    result = mirror.round()

    assert result.error is None
    content = mirror.rows("kinds")["[1]"]
    found = [(kind, value, content[f"c{index}"]) for index, (kind, value, _) in enumerate(POSTGRES_VALUES)]
    assert found == POSTGRES_VALUES


@pytest.mark.postgres
def test_the_session_of_the_database_changes_nothing(mirror_of: MakeMirror, postgres_url: str) -> None:
    mirror = mirror_of(postgres_url, tables=[{"name": "kinds", "key": ["id"]}])
    name = postgres_url.rpartition("/")[2]
    mirror.sql(
        f"ALTER DATABASE {name} SET timezone = 'Asia/Kolkata'", f"ALTER DATABASE {name} SET datestyle = 'German'"
    )
    mirror.sql("CREATE TABLE kinds (id integer, at timestamptz, on_day date)")
    mirror.sql("INSERT INTO kinds VALUES (1, '2026-03-01 12:00:00Z', '2026-03-02')")
    mirror.round()

    assert mirror.rows("kinds")["[1]"] == {"id": 1, "at": "2026-03-01T12:00:00Z", "on_day": "2026-03-02"}


def test_values_of_sqlite_follow_the_declared_type_where_they_can(mirror_of: MakeMirror, sqlite_url: str) -> None:
    mirror = mirror_of(sqlite_url, tables=[{"name": "kinds", "key": ["id"]}])
    mirror.sql(
        "CREATE TABLE kinds (id INTEGER, at TIMESTAMP, paid BOOLEAN, doc JSON, amount NUMERIC, raw BLOB, t TEXT)"
    )
    mirror.sql(
        """INSERT INTO kinds VALUES
        (1, '2026-03-01 12:00:00.5', 1, '{"b": 1, "a": [2]}', 12.5, x'00ff', 'x'),
        (2, '2026-03-01T12:00:00+02\\:00', 0, 'not json', 'text', NULL, CAST(x'ff41' AS TEXT)),
        (3, 'yesterday', 7, NULL, 1e999, 'text', 5)"""
    )
    mirror.round()

    kinds = mirror.rows("kinds")
    assert kinds["[1]"] == {
        "id": 1, "at": "2026-03-01T12:00:00.500000Z", "paid": True, "doc": {"a": [2], "b": 1}, "amount": 12.5,
        "raw": {"bytes": 2}, "t": "x",
    }  # fmt: skip
    assert kinds["[2]"] == {
        "id": 2, "at": "2026-03-01T10:00:00Z", "paid": False, "doc": "not json", "amount": "text", "raw": None,
        "t": "\ufffdA",
    }  # fmt: skip
    assert kinds["[3]"] == {
        "id": 3, "at": "yesterday", "paid": 7, "doc": None, "amount": "Infinity", "raw": "text", "t": "5",
    }  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_arrives_as_it_is(mirror_of: MakeMirror, sqlite_url: str, hostile: str) -> None:
    mirror = mirror_of(sqlite_url, tables=[{"name": 'my "table"', "key": ["id"], "cursor": "a:b %s"}])
    mirror.sql('CREATE TABLE "my ""table""" (id TEXT, "a\\:b %s" TEXT)')
    mirror.sql('INSERT INTO "my ""table""" VALUES (:text, :text)', text=hostile)
    first, second = mirror.round(), mirror.round()

    assert (first.error, second.error, second.rows_changed) == (None, None, 0)
    assert list(mirror.rows('my "table"').values()) == [{"id": hostile, "a:b %s": hostile}]


@pytest.mark.postgres
def test_hostile_names_and_text_in_postgresql(mirror_of: MakeMirror, postgres_url: str) -> None:
    table = {"name": 'Rows "of" %s', "schema": "my.schema", "key": ["I'd"], "cursor": 'c"%(x)s'}
    mirror = mirror_of(postgres_url, tables=[table])
    mirror.sql('CREATE SCHEMA "my.schema"')
    mirror.sql('CREATE TABLE "my.schema"."Rows ""of"" %s" ("I\'d" TEXT, "c""%(x)s" TEXT)')
    for hostile in HOSTILE:
        mirror.sql('INSERT INTO "my.schema"."Rows ""of"" %s" VALUES (:text, :text)', text=hostile)
    first, second = mirror.round(), mirror.round(after=30)

    assert (first.error, second.error) == (None, None)
    assert sorted(row["I'd"] for row in mirror.rows(table["name"]).values()) == sorted(HOSTILE)


def test_json_too_deep_or_numbers_too_long_do_not_stop_the_table(mirror_of: MakeMirror, sqlite_url: str) -> None:
    mirror = mirror_of(sqlite_url, tables=[{"name": "docs", "key": ["id"]}])
    mirror.sql("CREATE TABLE docs (id INTEGER, doc JSON)")
    mirror.sql("INSERT INTO docs VALUES (1, :doc)", doc="[" * 100_000 + "]" * 100_000)
    mirror.sql("INSERT INTO docs VALUES (2, :doc)", doc="9" * 5_000)
    mirror.sql("INSERT INTO docs VALUES (3, :doc)", doc="[" * 200 + "]" * 200)

    assert mirror.round().error is None
    assert mirror.rows("docs").keys() == {"[1]", "[2]", "[3]"}
    assert "(nested too deeply)" in json.dumps(mirror.rows("docs")["[3]"])


def test_text_beyond_its_limit_is_cut() -> None:
    assert len(json.loads(content_text({"text": "x" * 1_000_000}))["text"]) == 65_536


def test_instants_are_utc_whatever_zone_they_come_in() -> None:
    plus_two = timezone(timedelta(hours=2))
    assert instant_text(datetime(2026, 3, 1, 12, tzinfo=plus_two)) == "2026-03-01T10:00:00Z"
    assert instant_text(datetime(2026, 3, 1, 12)) == "2026-03-01T12:00:00Z"  # noqa: DTZ001
    assert json.loads(content_text({"at": datetime.min.replace(tzinfo=plus_two)}))  # has no UTC


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.decimals()
    | st.binary()
    | st.dates()
    | st.times()
    | st.datetimes(timezones=st.none() | st.just(UTC))
    | st.timedeltas()
    | st.uuids(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(), VALUES))
def test_any_row_is_strict_json_of_one_line_that_reads_back_the_same(row: dict[str, object]) -> None:
    text = content_text(row)

    assert text.encode()
    assert not {"\n", "\t", "\x00"} & set(text)
    again = json.loads(text, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    assert content_text(again) == text
    assert content_text(dict(reversed(row.items()))) == text or len({json.dumps(name) for name in row}) > len(again)


@settings(max_examples=50, deadline=None)
@given(st.lists(VALUES, min_size=1))
def test_any_key_is_json_of_one_line(key: list[object]) -> None:
    assert len(json.loads(row_id(key))) == len(key)
    assert not {"\n", "\t", "\x00"} & set(row_id(key))


def test_types_without_a_rule_are_text() -> None:
    assert content_text({"d": date(2026, 1, 2), "n": Decimal("1E+3"), "f": math.inf}) == (
        '{"d":"2026-01-02","f":"Infinity","n":"1000"}'
    )
