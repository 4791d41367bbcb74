"""Every version of every row that belongs to a case, as the activities wrote them. SQLite, by triggers."""

from collections.abc import Iterator, Mapping

import pyarrow as pa
from sqlalchemy import Boolean, Column, DateTime, Engine, Integer, MetaData, Numeric, Table, select, text

from sample_data.tables import METADATA

KEEP = "CREATE TABLE {table}_version AS SELECT * FROM {table} WHERE false"
ON_CHANGE = """
CREATE TRIGGER {table}_after_{change} AFTER {change} ON {table}
BEGIN INSERT INTO {table}_version SELECT * FROM {table} WHERE id = NEW.id; END
"""


def tables_of_cases() -> Iterator[Table]:
    """The company's tables whose rows belong to a case and say when they were changed."""
    return (table for table in METADATA.sorted_tables if {"id", "workflow_id", "updated_at"} <= set(table.c.keys()))


def keep_versions(database: Engine) -> None:
    """From here on keep a copy of each row of a case whenever it changes."""
    with database.begin() as connection:
        for table in tables_of_cases():
            connection.execute(text(KEEP.format(table=table.name)))
            for change in ("INSERT", "UPDATE"):
                connection.execute(text(ON_CHANGE.format(table=table.name, change=change)))


def kept_versions(database: Engine, first_id: int) -> Mapping[str, pa.Table]:
    """All versions by table, in the order in which they were written; ids counted from `first_id`."""
    found = {}
    with database.connect() as connection:
        for table in tables_of_cases():
            kept = table.to_metadata(MetaData(), name=f"{table.name}_version")
            rows = connection.execute(select(kept).order_by(text("rowid"))).mappings()
            numbered = [{**row, "id": row["id"] + first_id} for row in rows]
            found[table.name] = pa.Table.from_pylist(numbered, schema=arrow_schema(table))
    return found


def arrow_schema(table: Table) -> pa.Schema:
    """The columns of a table as Parquet keeps them."""
    return pa.schema([(column.name, _arrow_type(column)) for column in table.columns])


def _arrow_type(column: Column[object]) -> pa.DataType:
    kind = column.type
    if isinstance(kind, DateTime):
        return pa.timestamp("us", tz="UTC")
    if isinstance(kind, Numeric):
        return pa.decimal128(kind.precision or 12, kind.scale or 0)
    if isinstance(kind, Boolean):
        return pa.bool_()
    return pa.int64() if isinstance(kind, Integer) else pa.string()
