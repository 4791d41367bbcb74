"""What a database's driver raises, in one sentence: what was tried, what came back, what to do."""

import sqlite3

from sqlalchemy import Engine, inspect
from sqlalchemy.exc import InterfaceError, NoSuchTableError, OperationalError, SQLAlchemyError

from connectors.database.config import DatabaseConfig, TableConfig
from connectors.database.session import MYSQL
from connectors.database.statements import ALIAS
from connectors.errors import ConnectorError

MAX_NAMES = 20
# SQLSTATE of PostgreSQL. Class 08, 57P, 53: the connection or the server, which may be back soon.
NO_TABLE, NO_COLUMN, NO_SCHEMA = "42P01", "42703", "3F000"
TIMED_OUT, NO_RIGHT, BAD_PASSWORD, BAD_USER, NO_DATABASE = "57014", "42501", "28P01", "28000", "3D000"
# What MariaDB and MySQL number, by the SQLSTATE that PostgreSQL has for it; theirs is mostly the same for all.
MYSQL_STATES = {
    **dict.fromkeys((1044, 1045, 1130, 1698, 1820, 1862), BAD_PASSWORD),
    **dict.fromkeys((1142, 1143, 1370), NO_RIGHT),
    **dict.fromkeys((1969, 3024), TIMED_OUT),
    **dict.fromkeys((1158, 1159, 1160, 1161, 2002, 2003, 2006, 2013, 2014, 2055), "08006"),
    **dict.fromkeys((1040, 1041, 1203, 1226), "53300"),
    **dict.fromkeys((1053, 1077, 1317, 1927), "57P01"),
    **dict.fromkeys((1205, 1213, 1412), "40001"),
    1146: NO_TABLE,
    1054: NO_COLUMN,
    1049: NO_DATABASE,
}
UNKNOWN_STATE = "HY000"
PASSING_CLASSES = ("08", "53", "57", "40")


def connector_error(
    error: Exception, config: DatabaseConfig, table: TableConfig | None, engine: Engine
) -> ConnectorError:
    """The error to raise or report for what the driver raised while `table` was read (None: while connecting)."""
    said = _said(error, engine)
    where = f"Database {config.name}" + (f", {_named(table)}" if table else "")
    state = _state(getattr(error, "orig", None), engine)
    if state in (BAD_PASSWORD, BAD_USER) or "password authentication failed" in said:
        sentence = f"{where}: the login was refused ({said}). Check the user and the password in {config.url_env}."
        return ConnectorError(sentence, retryable=False)
    if state == TIMED_OUT or said == "interrupted":
        return ConnectorError(_slow(where, config, table), retryable=True)
    if table and (state in (NO_TABLE, NO_COLUMN, NO_SCHEMA) or said.startswith(("no such table", "no such column"))):
        return ConnectorError(f"{where}: {said}. {_what_there_is(engine, table)}", retryable=False)
    if state == NO_RIGHT:
        return ConnectorError(f"{where}: {said}. Grant SELECT on it to this user.", retryable=False)
    return ConnectorError(f"{where}: {said}.{_advice(config, state, table)}", retryable=_may_pass(error, state, said))


def _state(cause: object, engine: Engine) -> str:
    """The SQLSTATE of what the driver raised, as PostgreSQL would have it; empty where there is none."""
    if engine.dialect.name not in MYSQL:
        return str(getattr(cause, "sqlstate", None) or "")
    number = _number(cause)
    return "" if number is None else MYSQL_STATES.get(number, UNKNOWN_STATE)


def _number(cause: object) -> int | None:
    """The number that MariaDB, MySQL and their driver give an error, before its text."""
    arguments: tuple[object, ...] = getattr(cause, "args", ())
    number = arguments[0] if len(arguments) > 1 else None
    return number if isinstance(number, int) and number > 999 else None


def _said(error: Exception, engine: Engine) -> str:
    """The driver's own first line, without the password."""
    if isinstance(error, NoSuchTableError):
        return f"no such table: {error}"
    cause = getattr(error, "orig", None) or error
    text = str(cause if _number(cause) is None else cause.args[-1])
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = lines[0].removesuffix(".") if lines else type(cause).__name__
    if said.startswith("connection failed") and len(lines) > 1 and "failed" not in said[17:]:
        said = f"{said} {lines[1]}"
    said = said.replace(f"{ALIAS}.", "")  # Our own word for the table.
    password = engine.url.password
    return said.replace(str(password), "***") if password else said


def _named(table: TableConfig) -> str:
    return f"query {table.name}" if table.query else f"table {table.name}"


def _slow(where: str, config: DatabaseConfig, table: TableConfig | None) -> str:
    seconds = f"{config.statement_timeout_seconds:g} s"
    advice = "Raise statement_timeout_seconds."
    if table and table.cursor:
        advice = f"Put an index on {table.cursor}, or raise statement_timeout_seconds."
    return f"{where}: a statement took longer than {seconds} and was given up. {advice}"


def _what_there_is(engine: Engine, table: TableConfig) -> str:
    """The names that exist, so that a misspelt one is seen at once."""
    if table.query:
        return "Correct the query in the config."
    try:
        inspector = inspect(engine)
        if inspector.has_table(table.name, table.schema_name):
            columns = [str(column["name"]) for column in inspector.get_columns(table.name, table.schema_name)]
            return f"Its columns are: {_listed(columns)}."
        tables = inspector.get_table_names(table.schema_name) + inspector.get_view_names(table.schema_name)
        return f"Tables there: {_listed(sorted(tables))}."
    except SQLAlchemyError:
        return "Correct it in the config."


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:MAX_NAMES]) or "none"
    return f"{shown} and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else shown


def _advice(config: DatabaseConfig, state: str, table: TableConfig | None) -> str:
    if state == NO_DATABASE or table is None:
        return f" Is {config.url_env} right, and the database up?"
    return ""


def _may_pass(error: Exception, state: str, said: str) -> bool:
    """Whether it may be gone in the next round without anybody changing anything."""
    if state:
        return state.startswith(PASSING_CLASSES)
    if isinstance(getattr(error, "orig", None), sqlite3.Error):
        return any(word in said for word in ("locked", "unable to open", "disk I/O"))
    return isinstance(error, OperationalError | InterfaceError | OSError)
