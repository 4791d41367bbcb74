"""Large tables are read in little memory."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pyarrow as pa
import pytest
from sqlalchemy import create_engine, text

from connectors.database.config import DatabaseConfig
from connectors.database.reading import Database

ROWS = 100_000
FILL = f"""
INSERT INTO big
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
SELECT i, 'request ' || i || ' says something of about a hundred characters, as rows in a business often do', i
FROM n
"""
# The rows alone, as Python objects all at once, take some 60 MB more.
BOUND_BYTES = 25_000_000


class NothingKnown:
    def contents(self, table: str, row_ids: Sequence[str]) -> Mapping[str, str | None]:
        return {}

    def row_ids(self, table: str) -> pa.ChunkedArray:
        return pa.chunked_array([], type=pa.string())

    def count_forgotten(self, table: str, row_ids: Sequence[str]) -> int:
        return 0


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def big_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    url = f"sqlite:///{tmp_path / 'big.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE big (id INTEGER PRIMARY KEY, said TEXT, version INTEGER)"))
        connection.execute(text(FILL))
    engine.dispose()
    yield url


def read(url: str, query: str) -> tuple[int, int, int]:
    """Rows brought, rows of the largest batch, and the most memory that the process held meanwhile, bytes."""
    tables = [{"name": "big", "key": ["id"], "cursor": "version", "query": query}]
    config = DatabaseConfig.model_validate({"name": "crm", "url_env": "CRM_URL", "tables": tables})
    database = Database(config, {"CRM_URL": url})
    reading = database.read_round(known=NothingKnown(), watermark=None, now=datetime(2026, 3, 1, tzinfo=UTC))
    process, sizes, most = psutil.Process(), [], 0
    for batch in reading:
        sizes.append(batch.row_versions.num_rows)
        most = max(most, process.memory_info().rss)
    database.close()
    assert reading.result.error is None
    return sum(sizes), max(sizes), most


def test_a_hundred_thousand_rows_take_the_memory_of_ten_thousand(big_url: str) -> None:
    few, _, before = read(big_url, "SELECT * FROM big WHERE id <= 10000")
    many, largest, most = read(big_url, "SELECT * FROM big")

    assert (few, many, largest) == (10_000, ROWS, 5_000)
    assert most - before < BOUND_BYTES
