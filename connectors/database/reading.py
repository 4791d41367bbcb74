"""One round: what is new, changed or gone in the configured tables since the last."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from connectors.database.config import DatabaseConfig, TableConfig
from connectors.database.cursors import Value, add_seen, begin_from
from connectors.database.fetching import Fetched, Reader
from connectors.database.session import database_url, make_engine
from connectors.database.spool import BATCH_ROWS, Ids
from connectors.database.state import Columns, TableState, dump_states, load_states
from connectors.errors import ConnectorError
from warehouse.batch import ROW_VERSIONS, Batch


class KnownRows(Protocol):
    """What the warehouse holds of this database, what was written in this very round included."""

    def contents(self, table: str, row_ids: Sequence[str]) -> Mapping[str, str | None]:
        """The last content of each row that is known; None, or nothing, for one that is deleted or never seen."""

    def row_ids(self, table: str) -> Ids:
        """The ids of all rows that are known and not deleted."""

    def count_forgotten(self, table: str, row_ids: Sequence[str]) -> int:
        """How many of these rows, all of them unknown, are so because they were forgotten."""


@dataclass(frozen=True)
class RoundResult:
    """How a round went.

    `watermark` is for the next round, also after a failure: tables that were read keep their progress. `as_of_at`,
    None when a table failed, is the instant by our clock at which the reading began; tables without a cursor that
    are too large to be read every time may hold it back. `error` is a sentence for each table
    that failed; `is_retryable` says that all of them may pass by themselves. `notes` are sentences about what went on
    but should be known, like a column that was dropped.
    """

    is_complete: bool
    watermark: str
    as_of_at: datetime | None
    requests: int
    rows_changed: int
    error: str | None
    is_retryable: bool
    notes: tuple[str, ...]


class Database:
    """One configured database; keeps its connection between rounds. Close it in the end."""

    def __init__(self, config: DatabaseConfig, environment: Mapping[str, str] = os.environ) -> None:
        """Connects to nothing yet. Raises ConnectorError for a missing or useless URL and for a missing driver."""
        self.config = config
        self.engine = make_engine(config, database_url(config, environment))

    def reach(self) -> datetime:
        """Log in, and ask what time it is there. Raises ConnectorError when that fails."""
        return Reader(self.engine, self.config).clock()

    def read_round(self, *, known: KnownRows, watermark: str | None, now: datetime) -> "Round":
        """The next round; iterate it, writing each batch before asking for the next, then take its `result`."""
        return Round(self, known, watermark, now)

    def close(self) -> None:
        """Let go of the connection."""
        self.engine.dispose()


class Round:
    """The batches of one round, each to be written in one transaction; afterwards `result`.

    A row is handed over only when its content differs from what is known, so that a round which is cut short at any
    moment is simply read again. A failing table is reported in the result and does not stop the others.
    """

    def __init__(self, database: Database, known: KnownRows, watermark: str | None, now: datetime) -> None:
        self._reader = Reader(database.engine, database.config)
        self._config = database.config
        self._known = known
        self._now = now
        self._states = load_states(watermark, database.config.tables)
        self._rows_changed = 0
        self._errors: list[ConnectorError] = []
        self._notes: list[str] = []

    def __iter__(self) -> Iterator[Batch]:
        for table in self._config.tables:
            try:
                yield from self._table(table)
            except ConnectorError as error:
                self._errors.append(error)

    @property
    def result(self) -> RoundResult:
        """How it went; complete only after the last batch was taken."""
        read = [state.read_at for state in self._states.values() if state.read_at is not None]
        is_complete = not self._errors and len(read) == len(self._states)
        return RoundResult(
            is_complete=is_complete,
            watermark=dump_states(self._states),
            as_of_at=min(read) if is_complete and read else None,
            requests=self._reader.requests,
            rows_changed=self._rows_changed,
            error=" ".join(dict.fromkeys(str(error) for error in self._errors)) or None,
            is_retryable=bool(self._errors) and all(error.retryable for error in self._errors),
            notes=tuple(self._notes),
        )

    def _table(self, table: TableConfig) -> Iterator[Batch]:
        state = self._states[table.name]
        overlap = timedelta(seconds=self._config.overlap_seconds)
        begin = begin_from(state.seen, state.read_at, overlap) if state.read_at else None
        if table.cursor is not None and begin is not None:
            yield from self._news(table, state, begin)
        elif state.is_whole_due(self._now, 0) or table.cursor is not None:
            yield from self._whole(table, state)

    def _news(self, table: TableConfig, state: TableState, begin: Value) -> Iterator[Batch]:
        """Rows at or after `begin`; now and then also the keys of all, to find what was deleted or missed."""
        there: Ids | None = None
        sweep_seconds = self._config.sweep_seconds
        if sweep_seconds and state.is_whole_due(self._now, sweep_seconds):
            there = self._reader.row_ids(table).all()
            state = replace(state, whole_at=self._now, whole_rows=len(there))
        fetched = self._reader.fetch(table, begin)
        if self._is_changed(table, state, fetched):
            fetched.rows.close()
            yield from self._whole(table, replace(state, columns=()))
            return
        if there is not None:  # Rows made since the keys were read are there too.
            there_now = pa.chunked_array([*there.chunks, *fetched.row_ids.all().chunks], type=pa.string())
            yield from self._deletions(table, there_now)
        yield from self._changes(table, fetched)
        self._done(table, state, fetched)
        if there is not None:
            self._look_for_missed(table, there)

    def _whole(self, table: TableConfig, state: TableState) -> Iterator[Batch]:
        fetched = self._reader.fetch(table, None)
        self._is_changed(table, state, fetched)
        yield from self._deletions(table, fetched.row_ids.all())
        yield from self._changes(table, fetched)
        self._done(table, replace(state, whole_at=self._now, whole_rows=fetched.rows.rows), fetched)

    def _changes(self, table: TableConfig, fetched: Fetched) -> Iterator[Batch]:
        """A batch for each part of the rows in which something differs from what is known."""
        try:
            for rows in fetched.rows.batches():
                known = self._known.contents(table.name, list(rows))
                changed = {one: content for one, content in rows.items() if known.get(one) != content}
                if changed:
                    yield self._batch(table, list(changed), list(changed.values()))
        finally:
            fetched.rows.close()

    def _deletions(self, table: TableConfig, there: Ids) -> Iterator[Batch]:
        gone = _without(self._known.row_ids(table.name), there)
        for start in range(0, len(gone), BATCH_ROWS):
            row_ids = gone.slice(start, BATCH_ROWS).to_pylist()
            yield self._batch(table, row_ids, [None] * len(row_ids))

    def _batch(self, table: TableConfig, row_ids: Sequence[str | None], contents: Sequence[str | None]) -> Batch:
        self._rows_changed += len(row_ids)
        rows = {
            "table_name": [table.name] * len(row_ids),
            "row_id": row_ids,
            "seen_at": [self._now] * len(row_ids),
            "content": contents,
            "is_deleted": [content is None for content in contents],
        }
        return Batch(row_versions=pa.table(rows, schema=ROW_VERSIONS))

    def _done(self, table: TableConfig, state: TableState, fetched: Fetched) -> None:
        overlap = timedelta(seconds=self._config.overlap_seconds)
        seen = add_seen(state.seen, fetched.newest, self._now, fetched.clock, overlap)
        self._states[table.name] = replace(state, columns=fetched.columns, seen=seen, read_at=self._now)

    def _is_changed(self, table: TableConfig, state: TableState, fetched: Fetched) -> bool:
        """Whether the table has other columns than last time; noted, and the round goes on with what there is now."""
        if not state.columns or not fetched.columns or state.columns == fetched.columns:
            return False
        self._notes.append(
            f"Database {self._config.name}, {table.name}: {_difference(state.columns, fetched.columns)}."
        )
        return True

    def _look_for_missed(self, table: TableConfig, there: Ids) -> None:
        """A row that is there and still unknown came with too old a cursor value: next time everything is read."""
        unknown = [str(one) for one in _without(there, self._known.row_ids(table.name)).to_pylist()]
        missed = len(unknown) - self._known.count_forgotten(table.name, unknown)
        if missed:
            self._states[table.name] = replace(self._states[table.name], seen=())
            self._notes.append(
                f"Database {self._config.name}, {table.name}: {missed} {'row' if missed == 1 else 'rows'} came with a "
                f"cursor {table.cursor} older than the overlap of {self._config.overlap_seconds:g} s; "
                "the whole table is read in the next round."
            )


def _without(row_ids: Ids, others: Ids) -> Ids:
    """Those of `row_ids` that are not among `others`."""
    return row_ids.filter(pc.invert(pc.is_in(row_ids, value_set=others)))


def _difference(before: Columns, after: Columns) -> str:
    """What became of the columns, in words."""
    old, new = dict(before), dict(after)
    added = [f"column {name} was added" for name in new if name not in old]
    dropped = [f"column {name} was dropped" for name in old if name not in new]
    retyped = [f"column {name} was {old[name]}, is {kind}" for name, kind in after if old.get(name, kind) != kind]
    return ", ".join(added + dropped + retyped) or "the order of the columns changed"
