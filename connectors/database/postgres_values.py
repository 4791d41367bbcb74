"""How PostgreSQL's values become Python's when one of them fits no Python type.

psycopg raises at `infinity`, at years before 1 or after 9999, at `24:00`, at intervals with months, and at JSON too
deep for Python; then one odd row would stop the whole table. Such a value is kept as PostgreSQL's own text.
"""

import json
from collections.abc import Callable
from typing import Any

from psycopg import Connection, DataError
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.types.datetime import DateLoader, TimeLoader, TimestampLoader, TimestamptzLoader, TimetzLoader
from psycopg.types.string import TextLoader


def accept_every_value(connection: Connection[Any]) -> None:
    """Make this connection hand over odd values as text instead of raising."""
    for name, strict in (
        ("date", DateLoader),
        ("time", TimeLoader),
        ("timetz", TimetzLoader),
        ("timestamp", TimestampLoader),
        ("timestamptz", TimestamptzLoader),
    ):
        connection.adapters.register_loader(name, _or_text(strict))
    connection.adapters.register_loader("interval", TextLoader)
    for name in ("json", "jsonb"):
        connection.adapters.register_loader(name, JsonLoader)


def _or_text(strict: type[Loader]) -> type[Loader]:
    load: Callable[[Any, Buffer], object] = strict.load

    class OrText(strict):  # type: ignore[valid-type, misc]
        def load(self, data: Buffer) -> object:
            try:
                return load(self, data)
            except DataError:
                return bytes(data).decode()

    return OrText


class JsonLoader(Loader):
    """JSON as Python values; as text where Python cannot hold it."""

    def load(self, data: Buffer) -> object:
        """One value."""
        text = bytes(data).decode()
        try:
            return json.loads(text)
        except (RecursionError, ValueError):
            return text
