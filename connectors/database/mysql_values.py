"""How values and columns of MariaDB and MySQL are read where their driver or SQLAlchemy would leave something out."""

from collections.abc import Callable
from typing import Any

from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions
from sqlalchemy import Connection, text

from connectors.database.config import TableConfig

KIND_NAMES = {code: name for name, code in vars(FIELD_TYPE).items() if name.isupper()}
COLUMNS = """
SELECT column_name, column_type
FROM information_schema.columns
WHERE table_schema = COALESCE(:schema, DATABASE()) AND table_name = :name
"""
# MariaDB has no type JSON: such a column is text with this very check, which bears the name of the column.
MARIADB_JSON = """
SELECT constraint_name
FROM information_schema.check_constraints
WHERE constraint_schema = COALESCE(:schema, DATABASE()) AND table_name = :name AND level = 'Column'
AND LOWER(check_clause) = CONCAT('json_valid(`', REPLACE(LOWER(constraint_name), '`', '``'), '`)')
"""


def conversions_without_loss() -> dict[Any, Callable[..., Any]]:
    """The driver's own conversions, but for TIME, which stays text: it is a time of the day or a span, who knows."""
    kept: dict[Any, Callable[..., Any]] = dict(conversions)
    kept[FIELD_TYPE.TIME] = str
    return kept


def kind_name(code: object) -> str:
    """The name of a type by the number that a result gives it."""
    return KIND_NAMES.get(code, str(code)) if isinstance(code, int) else str(code)


def declared_columns(connection: Connection, table: TableConfig) -> dict[str, str]:
    """The type of each column of a table as it was declared; `json` where MariaDB only checks that it is."""
    where = {"schema": table.schema_name, "name": table.name}
    columns = {str(name): str(kind) for name, kind in connection.execute(text(COLUMNS), where)}
    if getattr(connection.dialect, "is_mariadb", False):
        columns.update({str(name): "json" for (name,) in connection.execute(text(MARIADB_JSON), where)})
    return columns
