"""A Temporal namespace as a source of rounds."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import cast

from app.rounds import Outcome
from app.source_writer import SourceWriter
from connectors.errors import ConnectorError
from connectors.temporal.attributes import DeclaredPath
from connectors.temporal.config import TemporalConfig
from connectors.temporal.connect import connect
from connectors.temporal.connection import Connection
from connectors.temporal.rounds import RoundResult, read_round
from warehouse import Batch, Round


class TemporalSource:
    """One namespace of one cluster. The connection is kept from round to round, and made again when there is none."""

    def __init__(
        self,
        writer: SourceWriter,
        config: TemporalConfig,
        namespace: str,
        declared: Sequence[DeclaredPath],
        limit_seconds: float | None,
    ) -> None:
        self.name = config.source(namespace)
        self._writer = writer
        self._config = config
        self._namespace = namespace
        self._declared = declared
        self._limit_seconds = limit_seconds
        self._connection: Connection | None = None

    async def read(self) -> Outcome:
        """One round: each batch written as it comes, then the round recorded. A source that is down is recorded too.

        Raises WarehouseError when the warehouse cannot be written.
        """
        started_at = datetime.now(UTC)
        watermark = await self._writer.watermark()
        try:
            return await self._read(watermark)
        except ConnectorError as error:
            failed = Outcome(self.name, started_at, datetime.now(UTC), error=str(error))
        await self.record(failed)
        return failed

    async def record(self, failed: Outcome) -> None:
        """Record that a round failed. Raises WarehouseError."""
        await self._writer.finish(Round(failed.started_at, failed.ended_at, is_complete=False, error=failed.error))

    async def close(self) -> None:
        """Let go of connection and cursor."""
        self._writer.close()
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _read(self, watermark: str | None) -> Outcome:
        if self._connection is None:
            self._connection = await connect(self._config, self._namespace)
        round_ = read_round(
            self._connection,
            known=self._writer.known,
            watermark=watermark,
            declared=self._declared,
            limit_seconds=self._limit_seconds,
        )
        added, result = 0, None
        # Closed at once when a batch cannot be written: what was remembered of it must be forgotten.
        async with aclosing(cast(AsyncGenerator[Batch | RoundResult], round_)) as parts:
            async for part in parts:
                if isinstance(part, RoundResult):
                    result = part
                else:
                    added += await self._writer.write(part)
        if result is None:
            raise ConnectorError(f"The round of {self.name} ended without a result.", retryable=True)
        return await self._finish(result, added)

    async def _finish(self, result: RoundResult, added: int) -> Outcome:
        await self._writer.finish(
            Round(
                started_at=result.started_at,
                ended_at=result.ended_at,
                is_complete=result.is_complete,
                as_of_at=result.as_of_at,
                watermark=result.watermark,
                requests=result.requests,
                throttled=result.throttled,
                runs_changed=result.runs_changed,
                events_added=added,
                open_there=result.open_there,
                error=result.error,
                retention_seconds=result.retention_seconds,
            )
        )
        return Outcome(
            self.name,
            result.started_at,
            result.ended_at,
            runs_changed=result.runs_changed,
            events_added=added,
            requests=result.requests,
            error=result.error,
        )
