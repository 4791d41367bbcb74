"""Fetch one table: its rows or its keys, in one short read-only transaction each."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Executable, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from connectors.database.config import DatabaseConfig, TableConfig
from connectors.database.content import row_id
from connectors.database.cursors import Newest, Value
from connectors.database.faults import connector_error
from connectors.database.row_mapping import RowMapping, row_mapping
from connectors.database.session import MYSQL, read_only, watch
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

    def clock(self) -> datetime:
        """The database's clock. Raises ConnectorError."""
        with self._transaction(None) as connection:
            return self._clock(connection)

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
        with self._transaction(table) as connection, closing(self._stream(connection, keys_statement(table))) as parts:
            for _, rows in parts:
                for row in rows:
                    ids.add(row_id(row))
        return ids

    @contextmanager
    def _transaction(self, table: TableConfig | None) -> Iterator[Connection]:
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
        mapping: RowMapping | None = None
        statement = rows_statement(table, begin_from, has_zero_dates=connection.dialect.name in MYSQL)
        declared = self._declared(connection, table)  # Before the rows: not every driver takes a question among them.
        with closing(self._stream(connection, statement)) as parts:
            for described, rows in parts:
                if mapping is None:
                    fetched.columns = tuple(
                        (str(one[0]), declared.get(str(one[0])) or _kind(connection, one)) for one in described
                    )
                    mapping = self._mapping(connection, table, fetched.columns)
                for raw in rows:
                    if mapping.cursor is not None:
                        newest.note(raw[mapping.cursor])
                    one, content = mapping.mapped(raw)
                    fetched.rows.add(one, content)
                    fetched.row_ids.add(one)
        fetched.newest = newest.value

    def _stream(
        self, connection: Connection, statement: Executable
    ) -> Generator[tuple[Any, Sequence[Any]], None, None]:
        """The driver's description of the columns with each part of the rows; at least once, even without rows."""
        streamed = connection.execution_options(stream_results=True, max_row_buffer=FETCH_ROWS)
        with watch(connection, self.config.statement_timeout_seconds):
            self.requests += 1
            result = streamed.execute(statement)
            cursor = result.cursor
            described = cursor.description
        with closing(cursor):  # Ours to close: SQLAlchemy leaves it when the connection breaks.
            rows: Sequence[Any] | None = None
            while rows is None or rows:
                with watch(connection, self.config.statement_timeout_seconds):
                    self.requests += 1
                    rows = result.fetchmany(FETCH_ROWS)
                yield described, rows

    def _declared(self, connection: Connection, table: TableConfig) -> dict[str, str]:
        """The declared type of each column, where the result of a statement will not say it."""
        if connection.dialect.name == "postgresql" or table.query is not None:
            return {}
        self.requests += 1
        if connection.dialect.name in MYSQL:
            from connectors.database.mysql_values import declared_columns

            with watch(connection, self.config.statement_timeout_seconds):
                return declared_columns(connection, table)
        columns = inspect(connection).get_columns(table.name, table.schema_name)
        return {str(column["name"]): str(column["type"]) for column in columns}

    def _mapping(self, connection: Connection, table: TableConfig, columns: Columns) -> RowMapping:
        """Raises ConnectorError when the key or the cursor is missing, or a name is there twice."""
        names = [name for name, _ in columns]
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
        return row_mapping(columns, table, is_typed=connection.dialect.name == "postgresql")


def _kind(connection: Connection, described: Any) -> str:
    """The type of a column as the driver describes it; empty where it does not."""
    if connection.dialect.name in MYSQL:
        from connectors.database.mysql_values import kind_name

        return kind_name(described[1])
    return str(getattr(described, "type_display", None) or described[1] or "")
