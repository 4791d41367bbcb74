"""Importing histories from files: read, write and derive batch by batch, in this process or in the running service."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from duckdb import DuckDBPyConnection

import value_stream
import warehouse
from app.service import Service
from connectors.files import FileFault, read_files
from warehouse import Round

# Runs that no live source holds belong to this one; it is outside reconciliation.
SOURCE = "files"


@dataclass(frozen=True)
class ImportStep:
    """What came of one batch (histories and events read, events new) or of one broken file (place and problem)."""

    histories: int = 0
    events: int = 0
    added: int = 0
    place: str | None = None
    problem: str | None = None

    def row(self) -> dict[str, object]:
        """The step as JSON has it."""
        return asdict(self)


Turn = Callable[[Callable[[], int]], int]


def import_files(service: Service, paths: Sequence[Path], turn: Turn = lambda write: write()) -> Iterator[ImportStep]:
    """Import every history below `paths`, a step at a time; a batch is in the warehouse when its step is given.

    `turn` runs a write while no source writes. Stopping between two steps loses nothing that was given; importing again
    goes on, since what is there already changes nothing.
    """
    con = service.warehouse.cursor()
    started_at = datetime.now(UTC)
    try:
        warehouse.register_source(con, SOURCE, "files")
        declared = value_stream.declared_paths(service.streams)
        total = 0
        for step in read_files(paths, declared=declared, known=lambda ids: warehouse.known_anywhere(con, ids)):
            if isinstance(step, FileFault):
                yield ImportStep(place=step.place, problem=step.problem)
                continue
            added = turn(partial(warehouse.write_batch, con, step.source or SOURCE, step.batch, datetime.now(UTC)))
            service.data_changed()
            total += added
            yield ImportStep(step.histories, step.events, added)
        ended_at = datetime.now(UTC)
        result = Round(started_at, ended_at, is_complete=True, as_of_at=ended_at, events_added=total)
        turn(partial(_finish, con, result))
    finally:
        con.close()


def _finish(con: DuckDBPyConnection, result: Round) -> int:
    warehouse.finish_round(con, SOURCE, result)
    return 0
