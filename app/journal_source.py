"""The journal of nudges as a source of rounds."""

import json
from datetime import UTC, datetime
from pathlib import Path

from app.rounds import Outcome
from app.source_writer import SourceWriter
from connectors.errors import ConnectorError
from connectors.journal import JournalPart, read_journal
from warehouse import Round


class JournalSource:
    """The file beside the warehouse. A line that a crash cut off is told once, and everything else is read."""

    def __init__(self, writer: SourceWriter, path: Path) -> None:
        self.name = writer.source
        self._writer = writer
        self._path = path

    async def read(self) -> Outcome:
        """What was written since the last round. Raises WarehouseError when the warehouse cannot be written."""
        started_at = datetime.now(UTC)
        watermark = await self._writer.watermark()
        try:
            part = read_journal(self._path, json.loads(watermark)["bytes"] if watermark else 0)
        except ConnectorError as error:
            failed = Outcome(self.name, started_at, datetime.now(UTC), error=str(error))
            await self.record(failed)
            return failed
        return await self._write(part, started_at)

    async def record(self, failed: Outcome) -> None:
        """Record that a round failed. Raises WarehouseError."""
        await self._writer.finish(Round(failed.started_at, failed.ended_at, is_complete=False, error=failed.error))

    async def close(self) -> None:
        """Let go of the cursor."""
        self._writer.close()

    async def _write(self, part: JournalPart, started_at: datetime) -> Outcome:
        added = await self._writer.write_nudges(part.records) if part.records else 0
        ended_at, error = datetime.now(UTC), " ".join(part.faults) or None
        await self._writer.finish(
            Round(
                started_at,
                ended_at,
                is_complete=True,
                as_of_at=started_at,
                watermark=json.dumps({"bytes": part.end}),
                runs_changed=added,
                events_added=added,
                error=error,
            )
        )
        return Outcome(self.name, started_at, ended_at, added, added, error=error)
