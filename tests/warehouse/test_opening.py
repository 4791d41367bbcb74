"""Opening a warehouse: its migrations, its data dictionary, and what keeps it from being opened."""

import subprocess
import sys

import pytest

from tests.fixtures.histories import NOON, batch, run
from tests.fixtures.streams import a_stream, put_in_force
from tests.fixtures.warehouses import SOURCE, deliver, in_a_file
from warehouse import (
    WarehouseError,
    execute,
    known_runs,
    migrations,
    open_warehouse,
    query,
    register_source,
    rows,
    write_batch,
)

UNDESCRIBED = "SELECT column_name FROM duckdb_columns() WHERE NOT internal AND (comment IS NULL OR comment = '')"
HOLD = """
import sys, time
from pathlib import Path
from warehouse import open_warehouse
held = open_warehouse(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "streamgauge.duckdb"


def test_what_was_written_is_there_when_it_is_opened_again(path):
    first = open_warehouse(path)
    con = first.cursor()
    register_source(con, SOURCE, "temporal")
    put_in_force(con, a_stream())
    write_batch(con, SOURCE, batch(run("kept").turn(1)), NOON)
    con.close()
    first.close()

    again = open_warehouse(path)
    assert [row["workflow_id"] for row in rows(again.cursor(), "SELECT workflow_id FROM item")] == ["kept"]
    assert list(known_runs(again.cursor(), SOURCE)) == ["kept"]
    again.close()


def test_every_column_of_a_file_is_described(path):
    opened = open_warehouse(path)

    assert rows(opened.cursor(), UNDESCRIBED) == []
    opened.close()


def test_a_migration_that_fails_leaves_no_trace(path, tmp_path, monkeypatch):
    schema = tmp_path / "schema"
    schema.mkdir()
    (schema / "0001_good.sql").write_text("CREATE TABLE good (\n    a INTEGER -- A.\n);\n")
    (schema / "0002_bad.sql").write_text("CREATE TABLE bad (\n    a INTEGER -- A.\n);\nSELECT nothing;\n")
    monkeypatch.setattr(migrations, "SCHEMA", schema)

    with pytest.raises(WarehouseError, match=r"Could not bring .* up to date"):
        open_warehouse(path)

    (schema / "0002_bad.sql").write_text("CREATE TABLE better (\n    a INTEGER -- A.\n);\n")
    opened = open_warehouse(path)
    tables = rows(opened.cursor(), "SELECT table_name FROM duckdb_tables() WHERE NOT internal ORDER BY 1")
    assert [row["table_name"] for row in tables] == ["better", "good", "migration"]
    opened.close()


def test_a_file_of_a_newer_program_is_refused(path):
    opened = open_warehouse(path)
    execute(opened.cursor(), "INSERT INTO migration VALUES ('9999_later.sql', now())")
    opened.close()

    with pytest.raises(WarehouseError, match=r"newer Streamgauge \(it holds 9999_later\.sql"):
        open_warehouse(path)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(WarehouseError, match=r"No folder .*nowhere"):
        open_warehouse(tmp_path / "nowhere" / "streamgauge.duckdb")


def test_a_file_that_is_no_warehouse_is_left_alone(path):
    path.write_text("a letter to my aunt, long enough to be looked at as a header" * 100)

    with pytest.raises(WarehouseError, match=r"Could not open the warehouse .*streamgauge\.duckdb"):
        open_warehouse(path)
    assert path.read_text().startswith("a letter")


def test_a_warehouse_that_is_not_there_is_not_made_for_reading(path):
    with pytest.raises(WarehouseError, match="streamgauge sync"):
        open_warehouse(path, read_only=True)
    assert not path.exists()


def test_another_process_that_holds_the_file_is_named(path):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(WarehouseError, match=rf"\b{other.pid}\b"):
            open_warehouse(path)
    finally:
        other.communicate()


def test_reading_sees_one_instant_while_another_writes(path):
    opened = open_warehouse(path)
    register_source(opened.cursor(), SOURCE, "temporal")
    with opened.reading() as reader:
        assert query(reader, "SELECT * FROM run").num_rows == 0
        write_batch(opened.cursor(), SOURCE, batch(run("new").turn(1)), NOON)

        assert query(reader, "SELECT * FROM run").num_rows == 0
    assert query(opened.cursor(), "SELECT * FROM run").num_rows == 1
    opened.close()


def test_a_warehouse_that_shrank_is_not_taken_for_one_that_was_cut_off(tmp_path):
    """Deriving everything anew frees blocks; DuckDB cuts them off after its header has counted them."""
    sizes = []
    for number in range(6):
        opened = in_a_file(tmp_path)
        con = opened.cursor()
        register_source(con, SOURCE, "temporal")
        put_in_force(con, a_stream(item={"segments": [f"memo.x{number}"]}))
        deliver(con, batch(run(f"run-{number}").turn(1).upsert(Stage="review").close()))
        assert rows(con, "SELECT count(*) AS items FROM item") == [{"items": number + 1}]
        con.close()
        opened.close()
        sizes.append((tmp_path / "streamgauge.duckdb").stat().st_size)
    assert sorted(sizes) != sizes  # it did shrink
