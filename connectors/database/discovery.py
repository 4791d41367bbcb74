"""Ask a database which tables it has, and how to tell what is new in each."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Inspector, inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import DateTime

from connectors.database.config import DatabaseConfig, TableConfig
from connectors.database.faults import connector_error
from connectors.database.reading import Database
from connectors.database.session import read_only, watch
from connectors.database.statements import one_row_statement

# How columns are called that a change of the row moves on, lower case and without underscores, the plainest first.
CURSOR_NAMES = (
    *("updatedat", "modifiedat", "changedat", "lastmodifiedat", "lastupdatedat", "lastchangedat"),
    *("updated", "modified", "lastmodified", "lastupdated", "lastchanged", "lastupdate"),
    *("updatedon", "modifiedon", "changedon", "lastmodifiedon", "updatetime", "updatedtime", "modificationtime"),
    *("dateupdated", "datemodified", "datechanged", "modifieddate", "lastmodifieddate", "writedate", "systemmodstamp"),
)


@dataclass(frozen=True)
class FoundTable:
    """A table. `table` is how to read it, None where `problem`, one sentence, says why that cannot be.

    `slow_cursor` names a column that would do as a cursor if it had an index.
    """

    name: str
    table: TableConfig | None
    slow_cursor: str | None = None
    problem: str | None = None


def find_tables(name: str, url_env: str, environment: Mapping[str, str] = os.environ) -> tuple[FoundTable, ...]:
    """Tables of the schema that the login uses by default, by name. Reads one row of each, changes nothing.

    Without a primary key a table cannot be read; without an index a cursor would scan the table each round, so it is
    not used. Raises ConnectorError when the database cannot be reached.
    """
    # The one configuration that has no table yet, which is why it is not validated.
    config = DatabaseConfig.model_construct(name=name, url_env=url_env, tables=())
    database = Database(config, environment)
    try:
        found = _described(database)
        return tuple(_readable(database, table) for table in found)
    finally:
        database.close()


def _described(database: Database) -> list[FoundTable]:
    config = database.config
    try:
        with read_only(database.engine, config.statement_timeout_seconds) as connection:
            inspector = inspect(connection)
            with watch(connection, config.statement_timeout_seconds):
                names = sorted(inspector.get_table_names())
            found = []
            for name in names:
                with watch(connection, config.statement_timeout_seconds):
                    found.append(_found(connection, inspector, name))
            return found
    except (SQLAlchemyError, OSError) as error:
        raise connector_error(error, config, None, database.engine) from error


def _found(connection: Connection, inspector: Inspector, name: str) -> FoundTable:
    key = inspector.get_pk_constraint(name)["constrained_columns"]
    if not key:
        return FoundTable(name, None, problem="It has no primary key: name columns that tell its rows apart.")
    candidates = _cursor_candidates(connection, inspector, name)
    indexed = {index["column_names"][0] for index in inspector.get_indexes(name)} | {key[0]}
    cursor = next((column for column in candidates if column in indexed), None)
    slow = candidates[0] if candidates and cursor is None else None
    return FoundTable(name, TableConfig(name=name, key=tuple(key), cursor=cursor), slow_cursor=slow)


def _cursor_candidates(connection: Connection, inspector: Inspector, name: str) -> list[str]:
    # SQLite has no type for instants: there the name has to do.
    is_typed = connection.dialect.name != "sqlite"
    columns: list[Any] = [
        column for column in inspector.get_columns(name) if not is_typed or isinstance(column["type"], DateTime)
    ]
    plain = {column["name"].lower().replace("_", ""): str(column["name"]) for column in columns}
    return [plain[wanted] for wanted in CURSOR_NAMES if wanted in plain]


def _readable(database: Database, found: FoundTable) -> FoundTable:
    """The table, or why it cannot be read; each in a transaction of its own, as a refusal ends it."""
    if found.table is None:
        return found
    config = database.config
    try:
        with (
            read_only(database.engine, config.statement_timeout_seconds) as connection,
            watch(connection, config.statement_timeout_seconds),
        ):
            connection.execute(one_row_statement(found.table)).fetchall()
    except (SQLAlchemyError, OSError) as error:
        return FoundTable(found.name, None, problem=str(connector_error(error, config, found.table, database.engine)))
    return found
