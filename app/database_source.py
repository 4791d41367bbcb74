"""A database as a source of rounds."""

import asyncio
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from app.held_rows import HeldRows
from app.rounds import Outcome
from app.source_writer import SourceWriter
from connectors.database.config import DatabaseConfig
from connectors.database.faults import connector_error
from connectors.database.reading import Database, RoundResult
from connectors.database.session import read_only
from connectors.errors import ConnectorError
from warehouse import Round


def reach_database(config: DatabaseConfig) -> None:
    """Log in, and out again. Raises ConnectorError when that fails."""
    database = Database(config)
    try:
        with read_only(database.engine, config.statement_timeout_seconds):
            pass
    except (SQLAlchemyError, OSError) as error:
        raise connector_error(error, config, None, database.engine) from error
    finally:
        database.close()


class DatabaseSource:
    """One database. Its connection is kept from round to round; the reading blocks, so it happens in a thread."""

    def __init__(self, writer: SourceWriter, config: DatabaseConfig) -> None:
        self.name = config.name
        self._writer = writer
        self._config = config
        self._database: Database | None = None

    async def read(self) -> Outcome:
        """One round: what is new written in few transactions, then the round recorded; so is a failure.

        Raises WarehouseError when the warehouse cannot be written.
        """
        started_at = datetime.now(UTC)
        watermark = await self._writer.watermark()
        try:
            result, added = await self._read(watermark, started_at)
        except ConnectorError as error:
            return await self._finish(Round(started_at, datetime.now(UTC), is_complete=False, error=str(error)))
        return await self._finish(_round(result, added, started_at))

    async def record(self, failed: Outcome) -> None:
        """Record that a round failed. Raises WarehouseError."""
        await self._writer.finish(Round(failed.started_at, failed.ended_at, is_complete=False, error=failed.error))

    async def close(self) -> None:
        """Let go of connection and cursor."""
        self._writer.close()
        if self._database is not None:
            self._database.close()
            self._database = None

    async def _read(self, watermark: str | None, now: datetime) -> tuple[RoundResult, int]:
        if self._database is None:
            self._database = Database(self._config)
        held = HeldRows(self._writer.known_rows())
        reading = self._database.read_round(known=held, watermark=watermark, now=now)
        batches, added = iter(reading), 0
        while (batch := await asyncio.to_thread(next, batches, None)) is not None:
            held.hold(batch)
            if held.is_full:
                added += await self._write(held)
        return reading.result, added + await self._write(held)

    async def _write(self, held: HeldRows) -> int:
        batch = held.take()
        return 0 if batch is None else await self._writer.write(batch)

    async def _finish(self, done: Round) -> Outcome:
        await self._writer.finish(done)
        return Outcome(
            self.name,
            done.started_at,
            done.ended_at,
            runs_changed=done.runs_changed,
            events_added=done.events_added,
            requests=done.requests,
            error=done.error,
        )


def _round(result: RoundResult, added: int, started_at: datetime) -> Round:
    return Round(
        started_at=started_at,
        ended_at=datetime.now(UTC),
        is_complete=result.is_complete,
        as_of_at=result.as_of_at,
        watermark=result.watermark,
        requests=result.requests,
        runs_changed=result.rows_changed,
        events_added=added,
        error=result.error,
    )
