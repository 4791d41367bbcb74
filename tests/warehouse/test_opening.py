"""A file that ordinary use leaves behind opens again."""

from pathlib import Path

import warehouse
from tests.fixtures.histories import batch, run
from tests.fixtures.streams import a_stream, put_in_force
from tests.fixtures.warehouses import SOURCE, deliver, in_a_file
from warehouse import register_source


def test_a_warehouse_that_shrank_is_not_taken_for_one_that_was_cut_off(tmp_path: Path) -> None:
    """Deriving everything anew frees blocks; DuckDB cuts them off after its header has counted them."""
    sizes = []
    for number in range(6):
        opened = in_a_file(tmp_path)
        con = opened.cursor()
        register_source(con, SOURCE, "temporal")
        put_in_force(con, a_stream(item={"segments": [f"memo.x{number}"]}))
        deliver(con, batch(run(f"run-{number}").turn(1).upsert(Stage="review").close()))
        assert warehouse.rows(con, "SELECT count(*) AS items FROM item") == [{"items": number + 1}]
        con.close()
        opened.close()
        sizes.append((tmp_path / "streamgauge.duckdb").stat().st_size)
    assert sorted(sizes) != sizes  # it did shrink
