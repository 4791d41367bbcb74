"""Say whether a database can be read as configured, without reading more of it than needed."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import SQLAlchemyError

from connectors.database.config import DatabaseConfig, TableConfig
from connectors.database.content import row_id
from connectors.database.faults import connector_error
from connectors.database.reading import Database
from connectors.database.session import read_only, watch
from connectors.database.statements import one_row_statement, repeated_key_statement
from connectors.errors import ConnectorError

MAX_CLOCK_SECONDS = 2.0


def check(config: DatabaseConfig, environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Every fault found, a sentence each; empty when all is well. Changes nothing, raises nothing a database causes.

    Looked at: the URL, the login, each table with its key and cursor columns, keys that several rows share, cursor
    columns without an index, and a clock that differs from ours by more than two seconds.
    """
    try:
        database = Database(config, environment)
    except ConnectorError as error:
        return (str(error),)
    try:
        return tuple(_clock_faults(database) + [fault for one in config.tables for fault in _faults(database, one)])
    except ConnectorError as error:
        return (str(error),)
    finally:
        database.close()


def _clock_faults(database: Database) -> list[str]:
    """Whether the database's clock is ours. Raises ConnectorError when the database cannot be reached at all."""
    ahead = (database.reach() - datetime.now(UTC)).total_seconds()
    if abs(ahead) <= MAX_CLOCK_SECONDS:
        return []
    way = "ahead of" if ahead > 0 else "behind"
    return [f"Database {database.config.name}: its clock is {abs(ahead):.0f} s {way} ours. Set both by NTP."]


def _faults(database: Database, table: TableConfig) -> list[str]:
    config, engine = database.config, database.engine
    try:
        with read_only(engine, config.statement_timeout_seconds) as connection:
            with watch(connection, config.statement_timeout_seconds):
                connection.execute(one_row_statement(table)).fetchall()
            faults = _index_faults(connection, config, table)
            with watch(connection, config.statement_timeout_seconds):
                repeated = connection.execute(repeated_key_statement(table)).first()
    except (SQLAlchemyError, OSError) as error:
        return [str(connector_error(error, config, table, engine))]
    if repeated is not None:
        key = ", ".join(table.key)
        faults.append(
            f"Database {config.name}, {table.name}: several rows have the {key} {row_id(repeated)}, and only one of "
            "them would be kept. Name more columns in `key`."
        )
    return faults


def _index_faults(connection: Connection, config: DatabaseConfig, table: TableConfig) -> list[str]:
    """A cursor without an index is read, but each round then scans the whole table."""
    if table.cursor is None or table.query is not None:
        return []
    inspector = inspect(connection)
    if table.name not in inspector.get_table_names(table.schema_name):
        return []
    first = [index["column_names"][0] for index in inspector.get_indexes(table.name, table.schema_name)]
    first += inspector.get_pk_constraint(table.name, table.schema_name)["constrained_columns"][:1]
    if table.cursor in first:
        return []
    return [
        f"Database {config.name}, {table.name}: the cursor {table.cursor} has no index, so each round scans the table. "
        "Add one if the table is large."
    ]
