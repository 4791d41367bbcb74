"""Fetch one table: its rows or its keys, in one short read-only transaction each."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Executable, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from connectors.database.config import DatabaseConfig, TableConfig
from connectors.database.content import content_text, row_id
from connectors.database.cursors import Newest, Value
from connectors.database.faults import connector_error
from connectors.database.session import read_only, watch
from connectors.database.spool import RowIds, Spool
from connectors.database.state import Columns
from connectors.database.statements import CLOCK, keys_statement, rows_statement
from connectors.errors import ConnectorError

FETCH_ROWS = 1_000


@dataclass
class Fetched:
    """Rows of one table, the database's clock before they were read, and the greatest cursor value among them."""

    clock: datetime
    columns: Columns = ()
    newest: Value | None = None
    rows: Spool = field(default_factory=Spool)
    row_ids: RowIds = field(default_factory=RowIds)


@dataclass
class Reader:
    """Reads the tables of one database and counts its requests."""

    engine: Engine
    config: DatabaseConfig
    requests: int = 0

    def fetch(self, table: TableConfig, begin_from: Value | None) -> Fetched:
        """All rows, or those from `begin_from` on. The caller closes the rows. Raises ConnectorError."""
        with self._transaction(table) as connection:
            fetched = Fetched(self._clock(connection))
            try:
                self._fill(connection, table, begin_from, fetched)
            except BaseException:
                fetched.rows.close()
                raise
        return fetched

    def row_ids(self, table: TableConfig) -> RowIds:
        """The ids of all rows there are. Raises ConnectorError."""
        ids = RowIds()
        with self._transaction(table) as connection:
            for _, rows in self._stream(connection, keys_statement(table)):
                for row in rows:
                    ids.add(row_id(row))
        return ids

    @contextmanager
    def _transaction(self, table: TableConfig) -> Iterator[Connection]:
        reached = False
        try:
            with read_only(self.engine, self.config.statement_timeout_seconds) as connection:
                reached = True
                yield connection
        except (SQLAlchemyError, OSError) as error:
            self.requests += 1
            raise connector_error(error, self.config, table if reached else None, self.engine) from error

    def _clock(self, connection: Connection) -> datetime:
        """The database's own clock: cursor values are its instants, not ours."""
        statement = CLOCK.get(connection.dialect.name)
        if statement is None:
            return datetime.now(UTC)
        with watch(connection, self.config.statement_timeout_seconds):
            self.requests += 1
            clock: datetime = connection.execute(text(statement)).scalar_one()
        return clock if clock.tzinfo else clock.replace(tzinfo=UTC)

    def _fill(self, connection: Connection, table: TableConfig, begin_from: Value | None, fetched: Fetched) -> None:
        newest = Newest(table.cursor or "")
        names: list[str] = []
        for described, rows in self._stream(connection, rows_statement(table, begin_from)):
            if not names:
                fetched.columns = self._columns(connection, table, described)
                names = self._checked_names(table, [name for name, _ in fetched.columns])
                readings = _readings(connection, fetched.columns)
                key = [names.index(name) for name in table.key]
                cursor = names.index(table.cursor) if table.cursor else None
            for raw in rows:
                if cursor is not None:
                    newest.note(raw[cursor])
                row = [reading(value) if reading else value for reading, value in zip(readings, raw, strict=True)]
                one = row_id([row[index] for index in key])
                fetched.rows.add(one, content_text(dict(zip(names, row, strict=True))))
                fetched.row_ids.add(one)
        fetched.newest = newest.value

    def _stream(self, connection: Connection, statement: Executable) -> Iterator[tuple[Any, Sequence[Any]]]:
        """The driver's description of the columns with each part of the rows; at least once, even without rows."""
        streamed = connection.execution_options(stream_results=True, max_row_buffer=FETCH_ROWS)
        with watch(connection, self.config.statement_timeout_seconds):
            self.requests += 1
            result = streamed.execute(statement)
            described = result.cursor.description
            rows = result.fetchmany(FETCH_ROWS)
        yield described, rows
        while rows:
            with watch(connection, self.config.statement_timeout_seconds):
                self.requests += 1
                rows = result.fetchmany(FETCH_ROWS)
            yield described, rows

    def _columns(self, connection: Connection, table: TableConfig, described: Any) -> Columns:
        """Name and type of each column, in the order of the result."""
        names = [str(column[0]) for column in described]
        if connection.dialect.name == "postgresql":
            return tuple((name, column.type_display) for name, column in zip(names, described, strict=True))
        if table.query is not None:
            return tuple((name, str(column[1] or "")) for name, column in zip(names, described, strict=True))
        self.requests += 1
        declared = inspect(connection).get_columns(table.name, table.schema_name)
        types = {str(column["name"]): str(column["type"]) for column in declared}
        return tuple((name, types.get(name, "")) for name in names)

    def _checked_names(self, table: TableConfig, names: list[str]) -> list[str]:
        where = f"Database {self.config.name}, {table.name}"
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            sentence = f"{where}: two columns are named {', '.join(twice)}. Give them names of their own in the query."
            raise ConnectorError(sentence, retryable=False)
        needed = (*table.key, *([table.cursor] if table.cursor else []))
        missing = [name for name in needed if name not in names]
        if missing:
            sentence = f"{where}: no column {', '.join(missing)}. Its columns are: {', '.join(names)}."
            raise ConnectorError(sentence, retryable=False)
        return names


def _readings(connection: Connection, columns: Columns) -> list[Callable[[object], object] | None]:
    """How to read each column's values, for databases whose drivers hand over less than the declared type says."""
    if connection.dialect.name == "postgresql":
        return [None] * len(columns)
    return [_reading(declared.upper()) for _, declared in columns]


def _reading(declared: str) -> Callable[[object], object] | None:
    if declared.startswith("BOOL"):
        return _as_boolean
    if declared.startswith(("DATETIME", "TIMESTAMP")):
        return _as_instant
    return _as_json if declared.startswith("JSON") else None


def _as_boolean(value: object) -> object:
    return bool(value) if value in (0, 1) else value


def _as_instant(value: object) -> object:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _as_json(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str | bytes) else value
    except (RecursionError, ValueError):
        return value
