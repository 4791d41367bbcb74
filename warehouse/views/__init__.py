"""The warehouse as analysts read it: documented tables with names instead of numbers, and seconds instead of micros.

Each is one SELECT in a file of its own, whose comments say what the table and every column is. They are used as they
are: to explore and export, and to write a snapshot that any tool can read.
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from warehouse.errors import WarehouseError

_FOLDER = Path(__file__).parent
_COLUMN = re.compile(r"^ {4}\S.* AS (?P<column>[a-z_]+),? -- (?P<says>.+)$", re.MULTILINE)
# In the order in which people look for them.
NAMES = ("items", "stays", "waits", "steps", "decisions", "attributes", "runs", "events", "database_rows", "rounds")


@dataclass(frozen=True)
class View:
    """One documented table: a SELECT, its columns as (name, meaning), and the columns that its rows are ordered by."""

    name: str
    says: str
    columns: tuple[tuple[str, str], ...]
    sql: str
    order: tuple[str, ...]

    @property
    def has_stream(self) -> bool:
        """Its rows belong to streams."""
        return any(name == "stream" for name, _ in self.columns)


def _read(name: str) -> View:
    text = (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    says, sql = text.split("\n", 1)
    sql, order = sql.strip().rsplit("\nORDER BY ", 1)
    columns = tuple((found["column"], found["says"]) for found in _COLUMN.finditer(sql))
    return View(name, says.removeprefix("-- "), columns, sql, tuple(order.split(", ")))


VIEWS: tuple[View, ...] = tuple(_read(name) for name in NAMES)


def find_view(name: str) -> View:
    """The view of that name; raises WarehouseError that names those there are."""
    for view in VIEWS:
        if view.name == name:
            return view
    near = get_close_matches(name, NAMES, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise WarehouseError(f"No table {name!r}.{hint} There are: {', '.join(NAMES)}.")
