"""Every test here may ask for `con` or `warehouse`, and for `crowd`, which is read only."""

from collections.abc import Iterator
from random import Random

import pytest
from duckdb import DuckDBPyConnection

from tests.fixtures.chance import chains_of
from tests.fixtures.streams import put_in_force, winding_stream
from tests.fixtures.warehouses import SOURCE, con, kept_warehouse, warehouse, write
from warehouse import open_warehouse, register_source

__all__ = ["con", "kept_warehouse", "warehouse"]


@pytest.fixture(scope="session")
def crowd() -> Iterator[DuckDBPyConnection]:
    """Sixty chains of runs by chance under the winding stream, derived once: deriving one takes as long."""
    opened = open_warehouse(None)
    cursor = opened.cursor()
    register_source(cursor, SOURCE, "temporal")
    put_in_force(cursor, winding_stream())
    write(cursor, *chains_of(Random(5), 60))
    yield cursor
    cursor.close()
    opened.close()
