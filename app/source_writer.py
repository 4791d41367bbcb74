"""What the rounds of one source do with the warehouse: read what is known, write what is new."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import duckdb
from duckdb import DuckDBPyConnection

import warehouse
from app.service import Service
from app.write_turn import Waiting, WriteTurn
from warehouse import Batch, KnownRun, Round, WarehouseError
from warehouse.known_rows import KnownRows
from warehouse.nudge_record import NudgeRecord
from warehouse.nudges import write_nudges

THINNED_EVERY = timedelta(minutes=5)


class SourceWriter:
    """One source's way to the warehouse, on cursors of its own.

    `turn` is shared by all sources of a service. Raises WarehouseError when the warehouse cannot be written.
    """

    def __init__(self, service: Service, source: str, kind: str, turn: WriteTurn) -> None:
        self.source = source
        self._service = service
        self._kind = kind
        self._turn = turn
        self._cursors: dict[str, DuckDBPyConnection] = {}
        self._thinned_at: datetime | None = None

    async def watermark(self) -> str | None:
        """Where the next round goes on; registers the source at its first."""
        async with self._turn:
            return await asyncio.to_thread(self._watermark)

    def known(self, run_ids: list[str] | None) -> dict[str, KnownRun]:
        """Known runs, see warehouse.known_runs."""
        return warehouse.known_runs(self._con("read"), self.source, run_ids)

    def known_rows(self) -> KnownRows:
        """What is known of a database's rows."""
        return KnownRows(self._con("read"), self.source)

    async def write(self, batch: Batch) -> int:
        """Write one batch in one transaction, with those of other sources that wait; returns the rows it added."""
        mine = Waiting(self.source, batch)
        self._turn.waiting.append(mine)
        try:
            async with self._turn:
                if mine.outcome is None:  # Whoever took it may have been cancelled; written twice it changes nothing.
                    others = [each for each in self._turn.take() if each is not mine]
                    await asyncio.to_thread(self._write_all, [mine, *others])
        finally:
            if mine in self._turn.waiting:
                self._turn.waiting.remove(mine)
        self._service.data_changed()
        if isinstance(mine.outcome, WarehouseError):
            raise mine.outcome
        assert mine.outcome is not None
        return mine.outcome

    async def write_nudges(self, records: Sequence[NudgeRecord]) -> int:
        """Write records of the journal in one transaction; returns how many were new."""
        async with self._turn:
            added = await asyncio.to_thread(self._write_nudges, records)
        self._service.data_changed()
        return added

    async def finish(self, result: Round) -> None:
        """Record the round and move the source's cursor."""
        async with self._turn:
            await asyncio.to_thread(self._finish, result)

    def close(self) -> None:
        """Let go of the cursors."""
        for cursor in self._cursors.values():
            cursor.close()
        self._cursors.clear()

    def _con(self, use: str) -> DuckDBPyConnection:
        # A connector asks what is known while its last batch is still being written: one cursor for each.
        if use not in self._cursors:
            self._cursors[use] = self._service.warehouse.cursor()
        return self._cursors[use]

    def _watermark(self) -> str | None:
        try:
            warehouse.register_source(self._con("write"), self.source, self._kind)
            return warehouse.watermark(self._con("write"), self.source)
        except duckdb.Error as error:
            raise self._refused(error) from error

    def _write_all(self, waiting: Sequence[Waiting]) -> None:
        try:
            batches = [(each.source, each.batch) for each in waiting]
            added = warehouse.write_batches(self._con("write"), batches, datetime.now(UTC))
        except duckdb.Error as error:
            if len(waiting) == 1:
                refused = self._refused(error, waiting[0].source)
                refused.__cause__ = error
                waiting[0].outcome = refused
                return
            # What one source brings must not be in the way of another.
            for each in waiting:
                self._write_all([each])
            return
        for each, count in zip(waiting, added, strict=True):
            each.outcome = count

    def _write_nudges(self, records: Sequence[NudgeRecord]) -> int:
        try:
            return write_nudges(self._con("write"), self.source, records)
        except duckdb.Error as error:
            raise self._refused(error) from error

    def _finish(self, result: Round) -> None:
        try:
            warehouse.finish_round(self._con("write"), self.source, result)
            self._thin(datetime.now(UTC))
        except duckdb.Error as error:
            raise self._refused(error) from error

    def _thin(self, now: datetime) -> None:
        if self._kind == "temporal" and (self._thinned_at is None or now - self._thinned_at >= THINNED_EVERY):
            more = warehouse.thin_samples(self._con("write"), now)
            self._thinned_at = None if more else now

    def _refused(self, error: duckdb.Error, source: str | None = None) -> WarehouseError:
        reason = str(error).strip().splitlines()[0]
        return WarehouseError(
            f"The warehouse {self._service.config.warehouse} refused what {source or self.source} brought: {reason}"
        )
