"""What a round leaves for the next: how far each table was read. Kept by the warehouse as the source's watermark."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.database.config import TableConfig
from connectors.database.cursors import Seen, decoded, encoded

Columns = tuple[tuple[str, str], ...]
# The larger a table, the less often it is read whole: no more than this many rows a second on average.
WHOLE_ROWS_PER_SECOND = 2_000


@dataclass(frozen=True)
class TableState:
    """How far one table was read. Instants by our clock.

    `config` tells a changed configuration, `columns` (name and type) a changed table. `whole_at` is when all keys or
    all rows were last read, `whole_rows` how many there were.
    """

    config: str
    columns: Columns = ()
    seen: tuple[Seen, ...] = ()
    read_at: datetime | None = None
    whole_at: datetime | None = None
    whole_rows: int = 0

    def is_whole_due(self, now: datetime, every_seconds: float) -> bool:
        """Time to read all of the table again, not more often than its size allows."""
        if self.whole_at is None:
            return True
        return (now - self.whole_at).total_seconds() >= max(every_seconds, self.whole_rows / WHOLE_ROWS_PER_SECOND)


def fresh(config: TableConfig) -> TableState:
    """The state of a table of which nothing was read yet."""
    meaning = config.model_dump_json(by_alias=True)
    return TableState(config=hashlib.sha256(meaning.encode()).hexdigest()[:16])


def load_states(watermark: str | None, tables: tuple[TableConfig, ...]) -> dict[str, TableState]:
    """The state of each configured table; a table that is new, or configured differently now, starts afresh."""
    try:
        kept = json.loads(watermark)["tables"] if watermark else {}
    except (ValueError, KeyError, TypeError):
        kept = {}  # Written by another version: reading from the beginning loses nothing and doubles nothing.
    states = {}
    for table in tables:
        state = fresh(table)
        loaded = _loaded(kept.get(table.name)) if isinstance(kept, dict) else None
        states[table.name] = loaded if loaded and loaded.config == state.config else state
    return states


def _loaded(kept: object) -> TableState | None:
    if not isinstance(kept, dict):
        return None
    try:
        return TableState(
            config=kept["config"],
            columns=tuple((name, kind) for name, kind in kept["columns"]),
            seen=decoded(kept["seen"]),
            read_at=_instant(kept["read_at"]),
            whole_at=_instant(kept["whole_at"]),
            whole_rows=int(kept["whole_rows"]),
        )
    except (ValueError, KeyError, TypeError, ArithmeticError):
        return None


def dump_states(states: Mapping[str, TableState]) -> str:
    """The states as JSON text, for `load_states`."""
    tables = {
        name: {
            "config": state.config,
            "columns": state.columns,
            "seen": encoded(state.seen),
            "read_at": state.read_at and state.read_at.isoformat(),
            "whole_at": state.whole_at and state.whole_at.isoformat(),
            "whole_rows": state.whole_rows,
        }
        for name, state in states.items()
    }
    return json.dumps({"tables": tables}, separators=(",", ":"))


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
