"""Importing histories from files: read, write and derive batch by batch, in this process or in the running service."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from duckdb import DuckDBPyConnection

import value_stream
import warehouse
from app.service import Service
from connectors.files import Excerpt, FileFault, ImportBatch, read_files
from warehouse import Round

# Runs that no live source holds belong to this one; it is outside reconciliation.
SOURCE = "files"
# Nobody waits for a page meanwhile, and each batch costs a derivation.
MOST_EVENTS_OF_RECORDING = 80_000


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


@dataclass(frozen=True)
class Recording:
    """An excerpt of files that is read as a source of its own, up to its end."""

    source: str
    excerpt: Excerpt
    ends_at: datetime


Turn = Callable[[Callable[[], int]], int]


def import_files(
    service: Service,
    paths: Sequence[Path],
    turn: Turn = lambda write: write(),
    recording: Recording | None = None,
) -> Iterator[ImportStep]:
    """Import every history below `paths`, a step at a time; a batch is in the warehouse when its step is given.

    Of a `recording` only its excerpt, in batches as large as suit a warehouse that nobody else uses. `turn` runs a
    write while no source writes. Stopping between two steps loses nothing that was given; importing again goes on,
    since what is there already changes nothing.
    """
    con = service.warehouse.cursor()
    started_at = datetime.now(UTC)
    try:
        source = recording.source if recording else SOURCE
        warehouse.register_source(con, source, "files")
        total = 0
        for step in _read(service, con, paths, recording):
            if isinstance(step, FileFault):
                yield ImportStep(place=step.place, problem=step.problem)
                continue
            added = turn(partial(warehouse.write_batch, con, step.source or source, step.batch, datetime.now(UTC)))
            service.data_changed()
            total += added
            yield ImportStep(step.histories, step.events, added)
        ended_at = datetime.now(UTC)
        as_of_at = recording.ends_at if recording else ended_at
        result = Round(started_at, ended_at, is_complete=True, as_of_at=as_of_at, events_added=total)
        turn(partial(_finish, con, source, result))
    finally:
        con.close()


def _read(
    service: Service, con: DuckDBPyConnection, paths: Sequence[Path], recording: Recording | None
) -> Iterator[ImportBatch | FileFault]:
    declared = value_stream.declared_paths(service.streams)
    if recording is None:
        return read_files(paths, declared=declared, known=partial(warehouse.known_anywhere, con))
    return _ahead(
        read_files(
            paths,
            declared=declared,
            known=lambda run_ids: {},  # Nobody else holds runs of a recording.
            excerpt=recording.excerpt,
            most_events=MOST_EVENTS_OF_RECORDING,
        )
    )


def _ahead(steps: Iterator[ImportBatch | FileFault]) -> Iterator[ImportBatch | FileFault]:
    """The same steps, each read in a thread while the one before it is written."""
    with ThreadPoolExecutor(1) as reader:
        waiting = reader.submit(next, steps, None)
        while (step := waiting.result()) is not None:
            waiting = reader.submit(next, steps, None)
            yield step


def _finish(con: DuckDBPyConnection, source: str, result: Round) -> int:
    warehouse.finish_round(con, source, result)
    return 0
