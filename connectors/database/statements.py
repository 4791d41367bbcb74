"""The statements that read a table or a query. Names are always quoted, values always parameters."""

from datetime import date

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    Executable,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.sql.elements import quoted_name
from sqlalchemy.sql.expression import FromClause
from sqlalchemy.types import NullType

from connectors.database.config import TableConfig
from connectors.database.cursors import Value

CLOCK = {
    "postgresql": "SELECT clock_timestamp()",
    "mysql": "SELECT utc_timestamp(6)",
    "mariadb": "SELECT utc_timestamp(6)",
}
# Every column is named with it: SQLite takes a quoted name that is no column for a text, unless it is qualified.
ALIAS = "streamgauge_rows"


def rows_statement(config: TableConfig, begin_from: Value | None, has_zero_dates: bool = False) -> Executable:
    """All rows, or those whose cursor is at or after `begin_from`. Rows without a cursor value are always read.

    `has_zero_dates`: 0000-00-00, which MariaDB and MySQL keep for an instant that is not known, is no value either.
    """
    origin = _origin(config)
    kept = [origin.c[name] for name in _needed_columns(config)] if config.columns else [text("*")]
    statement = select(*kept).select_from(origin)
    if config.cursor is None or begin_from is None:
        return statement
    cursor = origin.c[config.cursor]
    # Without a type: the database, not SQLAlchemy, decides how the value compares with its column.
    value: ColumnElement[object] = bindparam("begin_from", begin_from, type_=NullType())
    read = [cursor >= value, cursor.is_(None)]
    if has_zero_dates and isinstance(begin_from, date):
        read.append(cursor == literal_column("0"))
    return statement.where(or_(*read))


def keys_statement(config: TableConfig) -> Executable:
    """The key columns of all rows."""
    origin = _origin(config)
    return select(*(origin.c[name] for name in config.key))


def one_row_statement(config: TableConfig) -> Executable:
    """The named columns of any one row: shows that they are there and may be read."""
    origin = _origin(config)
    return select(*(origin.c[name] for name in _needed_columns(config))).limit(1)


def repeated_key_statement(config: TableConfig) -> Executable:
    """The first key that more than one row has."""
    origin = _origin(config)
    keys = [origin.c[name] for name in config.key]
    return select(*keys).group_by(*keys).having(func.count() > 1).limit(1)


def _needed_columns(config: TableConfig) -> list[str]:
    return list(dict.fromkeys((*config.columns, *config.key, *([config.cursor] if config.cursor else []))))


def _origin(config: TableConfig) -> FromClause:
    columns: list[ColumnClause[object]] = [column(quoted_name(name, quote=True)) for name in _needed_columns(config)]
    if config.query is None:
        schema = quoted_name(config.schema_name, quote=True) if config.schema_name else None
        return table(quoted_name(config.name, quote=True), *columns, schema=schema).alias(ALIAS)
    # A colon would begin a parameter; the line break ends a trailing comment.
    query = config.query.strip().rstrip(";").replace(":", r"\:")
    return text(f"{query}\n").columns(*columns).subquery(ALIAS)
