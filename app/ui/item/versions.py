"""How a database row changed from one version to the next. Pure."""

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

from app.ui.health import Row

Change: TypeAlias = tuple[str, str | None, str | None]
LONGEST = 160


def changes(row: Row) -> list[Change]:
    """What a version of `item_rows` set: (column, before, after); every column that is filled for a first version.

    A value that is not there is None. A deleted row changes nothing: say that it was deleted.
    """
    if row["content"] is None:
        return []
    after, before = _columns(row["content"]), _columns(row["before"])
    names = dict.fromkeys((*before, *after))
    return [(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)]


def latest(rows: Sequence[Row]) -> list[Row]:
    """The last version of each row, in order of table and row."""
    found = {(row["table"], row["row_id"]): row for row in sorted(rows, key=lambda row: row["version"])}
    return [found[key] for key in sorted(found)]


def row_name(row: Row) -> str:
    """`crm.requests 17`: table and key, as people say it."""
    try:
        key = " ".join(str(part) for part in json.loads(row["row_id"]))
    except ValueError:
        key = row["row_id"]
    return f"{row['table'].removeprefix('db.')} {key}"


def columns(row: Row) -> list[tuple[str, str]]:
    """What a version holds, column by column; what is empty is left out."""
    return [(name, value) for name, value in _columns(row["content"]).items() if value is not None]


def _columns(content: str | None) -> dict[str, str | None]:
    if content is None:
        return {}
    found = json.loads(content)
    return {name: _text(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _text(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
