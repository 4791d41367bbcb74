"""What a `[[databases]]` table of the config says."""

from pydantic import BaseModel, ConfigDict, Field, model_validator


class TableConfig(BaseModel):
    """One table, or one query, to read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        min_length=1,
        description="Name of the table as the database has it, capitals included; with `query`, the name it gets here.",
    )
    key: tuple[str, ...] = Field(min_length=1, description="Columns that together tell one row from all others.")
    cursor: str | None = Field(
        default=None,
        description="Column that grows whenever a row is added or changed, best an indexed `updated_at`. Without one "
        "the whole table is read again and compared.",
    )
    query: str | None = Field(
        default=None, min_length=1, description="A SELECT to read instead of the table; runs read-only."
    )
    columns: tuple[str, ...] = Field(
        default=(), description="The only columns to keep; key and cursor are always kept. Default: all."
    )
    schema_name: str | None = Field(
        default=None, alias="schema", description="Schema of the table; default: the database's own search path."
    )

    @model_validator(mode="after")
    def _has_one_origin(self) -> "TableConfig":
        if self.query is not None and self.schema_name is not None:
            raise ValueError("`query` and `schema` exclude each other: name the schema inside the query")
        return self


class DatabaseConfig(BaseModel):
    """One database to read from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        pattern=r"^[^/\s.]+$", description="Name of the database here: `db.NAME.TABLE.COLUMN` in stream files."
    )
    url_env: str = Field(
        min_length=1,
        description="Environment variable that holds the URL, password included: "
        "postgresql://user:password@host/database, mysql://..., sqlite:////absolute/path.",
    )
    tables: tuple[TableConfig, ...] = Field(min_length=1, description="Tables and queries to read.")
    statement_timeout_seconds: float = Field(
        default=10,
        gt=0,
        le=3600,
        description="Longest that one statement may take before it is given up, seconds. On MariaDB and MySQL this is "
        "until its last row is read: allow more for a large table.",
    )
    overlap_seconds: float = Field(
        default=5,
        ge=0,
        description="How far behind the newest cursor value each round begins again, seconds: at least as long as the "
        "longest transaction that writes, or what it commits late is missed.",
    )
    sweep_seconds: float = Field(
        default=60,
        ge=0,
        description="How often all keys of a table with a cursor are read to find deleted rows, seconds; 0: never.",
    )

    @model_validator(mode="after")
    def _names_are_apart(self) -> "DatabaseConfig":
        names = [table.name for table in self.tables]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two tables are named {', '.join(twice)}: give one of them a `query` and another name")
        return self
