"""A mirror: one database read into a real warehouse, round by round, on a clock that the test moves."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, text

from connectors.database.config import DatabaseConfig
from connectors.database.reading import Database, RoundResult
from warehouse import Round, finish_round, open_warehouse, register_source, rows, watermark, write_batch
from warehouse.known_rows import KnownRows

REQUESTS = {"name": "requests", "key": ["id"], "cursor": "updated_at"}
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
VERSIONS = """
SELECT row_id, content, is_deleted
FROM row_version
WHERE table_name = $table
ORDER BY seen_at, rowid
"""


class Mirror:
    """One database and the warehouse it is read into. Each round is two seconds after the one before, unless told."""

    def __init__(self, url: str, **settings: object) -> None:
        self.url = url
        self.now = NOON
        self.warehouse = open_warehouse(None)
        self.con = self.warehouse.cursor()
        register_source(self.con, "crm", "database")
        self._writer = create_engine(url, poolclass=NullPool)
        self.configure(**settings)

    def configure(self, **settings: object) -> None:
        """Go on with another configuration, or another `url`."""
        if hasattr(self, "database"):
            self.database.close()
        self.config = DatabaseConfig.model_validate({"name": "crm", "url_env": "CRM_URL", **settings})
        self.database = Database(self.config, {"CRM_URL": self.url})

    def sql(self, *statements: str, **values: object) -> None:
        """Change the database, in one transaction."""
        with self._writer.begin() as connection:
            for statement in statements:
                connection.execute(text(statement), values)

    def round(self, after: float = 2, only_batches: int | None = None) -> RoundResult:
        """One round; with `only_batches` it is cut short after so many, as by kill -9."""
        self.now += timedelta(seconds=after)
        result = self.read(watermark(self.con, "crm"), only_batches)
        if only_batches is None:
            self._finish(result)
        return result

    def read(self, mark: str | None, only_batches: int | None = None) -> RoundResult:
        """Read and write what is new since the watermark `mark`, and leave the round unfinished."""
        reading = self.database.read_round(known=KnownRows(self.con, "crm"), watermark=mark, now=self.now)
        for batch in islice(reading, only_batches):
            write_batch(self.con, "crm", batch, self.now)
        return reading.result

    def versions(self, table: str = "requests") -> list[tuple[str, dict[str, Any] | None]]:
        """Every version of every row, in the order they came: id and content, None for a deletion."""
        found = rows(self.con, VERSIONS, table=table)
        return [(row["row_id"], json.loads(row["content"]) if row["content"] else None) for row in found]

    def rows(self, table: str = "requests") -> Mapping[str, dict[str, Any]]:
        """The rows that are there now, by id."""
        return {row_id: content for row_id, content in dict(self.versions(table)).items() if content is not None}

    def close(self) -> None:
        self.database.close()
        self.con.close()
        self.warehouse.close()

    def _finish(self, result: RoundResult) -> None:
        done = Round(
            started_at=self.now,
            ended_at=self.now,
            is_complete=result.is_complete,
            as_of_at=result.as_of_at,
            watermark=result.watermark,
            error=result.error,
        )
        finish_round(self.con, "crm", done)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'crm.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database: the test runs on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def mirror_of() -> Iterator[Callable[..., Mirror]]:
    """Makes mirrors: `mirror_of(url, tables=[...])`; closes them in the end."""
    made: list[Mirror] = []

    def make(url: str, **settings: object) -> Mirror:
        made.append(Mirror(url, **settings))
        return made[-1]

    yield make
    for mirror in made:
        mirror.close()


@pytest.fixture
def mariadb_requests(mirror_of: Callable[..., Mirror], mariadb_url: str) -> Mirror:
    """A mirror of one table of MariaDB with a cursor, still empty."""
    mirror = mirror_of(mariadb_url, tables=[REQUESTS])
    mirror.sql("CREATE TABLE requests (id INT PRIMARY KEY, status TEXT, updated_at DATETIME(3), KEY (updated_at))")
    return mirror


def put_request(mirror: Mirror, row: int, status: str, at: str) -> None:
    """Insert a row, or change it; `at` is a time of the day, UTC."""
    mirror.sql("REPLACE INTO requests VALUES (:id, :status, :at)", id=row, status=status, at=f"2026-03-01 {at}")


def statuses(mirror: Mirror) -> dict[str, str]:
    return {row_id: content["status"] for row_id, content in mirror.rows().items()}
