"""From what a driver hands over to the row we keep. Pure: the hard cases are tested without a server."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.database.config import TableConfig
from connectors.database.content import content_text, row_id
from connectors.database.state import Columns

BIT = re.compile(r"BIT(\(\d+\))?")

Reading = Callable[[object], object]


@dataclass(frozen=True)
class RowMapping:
    """How rows of one result are read: the names of the columns, where key and cursor are, how each value is read."""

    names: tuple[str, ...]
    key: tuple[int, ...]
    cursor: int | None
    readings: tuple[tuple[int, Reading], ...]

    def mapped(self, raw: Sequence[object]) -> tuple[str, str]:
        """Id and content of one row."""
        row = list(raw)
        for index, reading in self.readings:
            row[index] = reading(row[index])
        return row_id([row[index] for index in self.key]), content_text(dict(zip(self.names, row, strict=True)))


def row_mapping(columns: Columns, table: TableConfig, is_typed: bool) -> RowMapping:
    """The mapping for these columns. `is_typed`: the driver itself gives each value its declared type."""
    names = tuple(name for name, _ in columns)
    readings = [] if is_typed else [(index, _reading(kind.upper())) for index, (_, kind) in enumerate(columns)]
    return RowMapping(
        names=names,
        key=tuple(names.index(name) for name in table.key),
        cursor=names.index(table.cursor) if table.cursor else None,
        readings=tuple((index, reading) for index, reading in readings if reading is not None),
    )


def _reading(declared: str) -> Reading | None:
    if declared.startswith("BOOL"):
        return _as_boolean
    if BIT.fullmatch(declared):
        return _as_bits
    if declared.startswith(("DATETIME", "TIMESTAMP")):
        return _as_instant
    return _as_json if declared.startswith("JSON") else None


def _as_boolean(value: object) -> object:
    return bool(value) if value in (0, 1) else value


def _as_bits(value: object) -> object:
    """BIT of MariaDB and MySQL, whose drivers hand over bytes, as the number that it is there."""
    return int.from_bytes(value) if isinstance(value, bytes) else value


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
