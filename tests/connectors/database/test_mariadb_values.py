"""What a value of each type of MariaDB becomes."""

from collections.abc import Callable

import pytest

from tests.connectors.database.conftest import Mirror

pytestmark = pytest.mark.mariadb
MakeMirror = Callable[..., Mirror]
VALUES = [
    ("decimal(12,2)", "1234.50", "1234.50"),
    ("decimal(65,30)", "0.000000000000000000000000000001", "0.000000000000000000000000000001"),
    ("double", "0.1", 0.1),
    ("float", "1.5", 1.5),
    ("tinyint unsigned", "255", 255),
    ("int unsigned zerofill", "7", 7),
    ("bigint unsigned", "18446744073709551615", 18446744073709551615),
    ("bigint", "-9223372036854775808", -9223372036854775808),
    ("boolean", "true", 1),
    ("tinyint(1)", "7", 7),
    ("bit(1)", "b'1'", 1),
    ("bit(12)", "b'101000000001'", 2561),
    ("json", """'{"b": [1, 2.5, null], "a": {"c": "é"}}'""", {"a": {"c": "é"}, "b": [1, 2.5, None]}),
    ("json", "'\"text\"'", "text"),
    ("longtext", '\'{"no": "json"}\'', '{"no": "json"}'),
    ("enum('new', 'it''s open')", "'it''s open'", "it's open"),
    ("set('a', 'b', 'c')", "'c,a'", "a,c"),
    ("datetime", "'2026-03-01 12:00:00'", "2026-03-01T12:00:00Z"),
    ("datetime(6)", "'2026-03-01 12:00:00.123456'", "2026-03-01T12:00:00.123456Z"),
    ("datetime", "'0000-00-00 00:00:00'", "0000-00-00 00:00:00"),
    ("timestamp", "'0000-00-00 00:00:00'", "0000-00-00 00:00:00"),
    ("timestamp(3)", "'2026-03-01 12:00:00.5'", "2026-03-01T12:00:00.500000Z"),
    ("date", "'2026-02-28'", "2026-02-28"),
    ("date", "'0000-00-00'", "0000-00-00"),
    ("date", "'2026-00-00'", "2026-00-00"),
    ("time", "'12:30:00'", "12:30:00"),
    ("time(1)", "'-838:59:59.5'", "-838:59:59.5"),
    ("year", "2026", 2026),
    ("blob", "x'00ff10'", {"bytes": 3}),
    ("varbinary(9)", "'abc'", {"bytes": 3}),
    ("uuid", "'6f1c8d4e-0f0a-4b6e-8f51-0d5cf1c5a111'", "6f1c8d4e-0f0a-4b6e-8f51-0d5cf1c5a111"),
    ("inet6", "'2001:db8::1'", "2001:db8::1"),
    ("point", "POINT(1, 2)", {"bytes": 25}),
    ("text", "'👩‍👩‍👧 e\u0301 <script>'", "👩‍👩‍👧 e\u0301 <script>"),
    ("varchar(9) character set latin1", "'déjà'", "déjà"),
    ("text", "NULL", None),
]


def test_every_type_arrives_as_it_is(mirror_of: MakeMirror, mariadb_url: str) -> None:
    columns = ", ".join(f"c{index} {kind} NULL" for index, (kind, _, _) in enumerate(VALUES))
    values = ", ".join(value.replace(":", r"\:") for _, value, _ in VALUES)
    mirror = mirror_of(mariadb_url, tables=[{"name": "kinds", "key": ["id"]}])
    # Zone of the server: +05:30. What is written as UTC must be read as UTC.
    mirror.sql("SET time_zone = '+00\\:00'", f"CREATE TABLE kinds (id INT, {columns})")
    mirror.sql("SET time_zone = '+00\\:00'", f"INSERT INTO kinds VALUES (1, {values})")

    assert mirror.round().error is None
    content = mirror.rows("kinds")["[1]"]
    assert [(kind, value, content[f"c{index}"]) for index, (kind, value, _) in enumerate(VALUES)] == VALUES
    assert mirror.round(after=60).rows_changed == 0


def test_an_instant_written_in_the_zone_of_the_server_is_read_in_utc(mirror_of: MakeMirror, mariadb_url: str) -> None:
    mirror = mirror_of(mariadb_url, tables=[{"name": "kinds", "key": ["id"]}])
    mirror.sql("CREATE TABLE kinds (id INT, at TIMESTAMP, plain DATETIME)")
    mirror.sql("INSERT INTO kinds VALUES (1, '2026-03-01 12:00:00', '2026-03-01 12:00:00')")
    mirror.round()

    assert mirror.rows("kinds")["[1]"] == {"id": 1, "at": "2026-03-01T06:30:00Z", "plain": "2026-03-01T12:00:00Z"}


def test_the_columns_of_a_query_are_read_by_what_the_driver_says(mirror_of: MakeMirror, mariadb_url: str) -> None:
    query = "SELECT 1 AS id, b'101' AS bits, CAST('2026-03-01' AS DATETIME) AS at, 'a%b:c' LIKE 'a%' AS is_like;"
    mirror = mirror_of(mariadb_url, tables=[{"name": "made", "key": ["id"], "query": query}])

    assert mirror.round().error is None
    assert mirror.rows("made")["[1]"]["at"] == "2026-03-01T00:00:00Z"
    assert mirror.rows("made")["[1]"]["is_like"] == 1


def test_rows_with_binary_keys_are_told_apart(mirror_of: MakeMirror, mariadb_url: str) -> None:
    mirror = mirror_of(mariadb_url, tables=[{"name": "kinds", "key": ["id"]}])
    mirror.sql("CREATE TABLE kinds (id BINARY(2), n INT)", "INSERT INTO kinds VALUES (x'00ff', 1), (x'00fe', 2)")
    mirror.round()

    assert {row_id: row["n"] for row_id, row in mirror.rows("kinds").items()} == {'["00ff"]': 1, '["00fe"]': 2}


def test_hostile_names_and_text(mirror_of: MakeMirror, mariadb_url: str) -> None:
    mirror = mirror_of(mariadb_url, tables=[{"name": "a `b` %s", "key": ["I'd"], "cursor": 'c"%(x)s'}])
    mirror.sql("""CREATE TABLE `a ``b`` %s` (`I'd` VARCHAR(99), `c"%(x)s` VARCHAR(99))""")
    hostile = ["'; DROP TABLE t; --", "%s %(x)s :y \\", "\u202e\u05e9\u05dc\n\t", "\\' OR 1=1 --"]
    for one in hostile:
        mirror.sql("INSERT INTO `a ``b`` %s` VALUES (:text, :text)", text=one)
    first, second = mirror.round(), mirror.round(after=30)

    assert (first.error, second.error, second.rows_changed) == (None, None, 0)
    assert sorted(row["I'd"] for row in mirror.rows("a `b` %s").values()) == sorted(hostile)
