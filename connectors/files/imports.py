"""From histories in files to batches: the same mapping as for live reads."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from connectors.files.histories import FileFault, FoundHistory, histories_in
from connectors.temporal.attributes import Declared, DeclaredPath
from connectors.temporal.gathering import table
from connectors.temporal.histories import History, Row, Rows, own_run_id
from connectors.temporal.payloads import clean
from warehouse import KnownRun, batch

NOT_HISTORIES = (".md", ".txt")
# A file does not wait: larger batches than those of a live source, since each costs a derivation.
MOST_EVENTS = 20_000
MOST_RUNS = 1_000


@dataclass(frozen=True)
class ImportBatch:
    """Rows to write in one transaction: for the source that already holds these runs, or None for the import's own."""

    source: str | None
    batch: batch.Batch
    histories: int
    events: int


@dataclass(frozen=True)
class Excerpt:
    """What to take of files that hold a recording: which items, and how far the instants of each are moved.

    `moves` has the workflow ids of the items; a child run belongs to the item of its root. None takes everything as
    it is.
    """

    moves: Mapping[str, timedelta] | None = None

    def moved_by(self, found: FoundHistory) -> timedelta | None:
        """How far a history is moved; None for one that is not taken."""
        if self.moves is None:
            return timedelta(0)
        started = found.events[0].workflow_execution_started_event_attributes
        return self.moves.get(started.root_workflow_execution.workflow_id or started.workflow_id)


EVERYTHING = Excerpt()
KnownAnywhere = Callable[[list[str]], dict[str, tuple[str, KnownRun]]]  # as warehouse.known_anywhere


def find_files(paths: Sequence[Path]) -> Iterator[Path | FileFault]:
    """Every file named or below a named folder, by name; hidden ones and plain prose left out."""
    for path in paths:
        if path.is_dir():
            inside = (one for one in sorted(path.rglob("*")) if one.is_file())
            yield from (one for one in inside if not _is_left_out(one.relative_to(path)))
        elif path.exists():
            yield path
        else:
            yield FileFault(str(path), "There is no such file or folder.")


def _is_left_out(path: Path) -> bool:
    return path.suffix in NOT_HISTORIES or any(part.startswith(".") for part in path.parts)


def read_files(
    paths: Sequence[Path],
    *,
    declared: Iterable[DeclaredPath] = (),
    known: KnownAnywhere,
    excerpt: Excerpt = EVERYTHING,
    most_events: int = MOST_EVENTS,
) -> Iterator[ImportBatch | FileFault]:
    """Batches of bounded size of every history found, and every fault; one after the other, nothing kept.

    A run that the warehouse holds already gains what it lacked and loses nothing: the longer history tells what the
    run is like. A run whose file ends open is lost from sight from its last event on, unless the warehouse knows more.
    """
    wanted = Declared(declared)
    gathered: list[_Mapped] = []
    events = 0
    for path in find_files(paths):
        if isinstance(path, FileFault):
            yield path
            continue
        for found in histories_in(path):
            if isinstance(found, FileFault):
                yield found
                continue
            if (moved_by := excerpt.moved_by(found)) is None:
                continue
            gathered.append(_mapped(found, wanted, moved_by))
            events += gathered[-1].event_count
            if events >= most_events or len(gathered) >= MOST_RUNS:
                yield from _batches(gathered, known)
                gathered, events = [], 0
    yield from _batches(gathered, known)


@dataclass(frozen=True)
class _Mapped:
    """What is kept of one history until its batch is full: rows, without the payloads they came from."""

    workflow_id: str | None
    run_id: str
    history: History
    rows: Rows
    moved_by: timedelta

    @property
    def event_count(self) -> int:
        return len(self.rows.events)


def _mapped(found: FoundHistory, declared: Declared, moved_by: timedelta) -> _Mapped:
    run_id = found.run_id or own_run_id(found.events) or _made_up_id(found)
    history = History(run_id, declared)
    return _Mapped(found.workflow_id, run_id, history, history.read(found.events), moved_by)


def _batches(gathered: list[_Mapped], known: KnownAnywhere) -> Iterator[ImportBatch]:
    if not gathered:
        return
    held = known([one.run_id for one in gathered])
    alike: dict[tuple[str | None, timedelta], list[_Mapped]] = {}
    for one in gathered:
        source = held[one.run_id][0] if one.run_id in held else None
        alike.setdefault((source, one.moved_by), []).append(one)
    for (source, moved_by), some in alike.items():
        read = batch.Batch(
            runs=table(_runs(some, held), batch.RUNS),
            events=table([row for one in some for row in one.rows.events], batch.EVENTS),
            attributes=table([row for one in some for row in one.rows.attributes], batch.ATTRIBUTES),
        )
        yield ImportBatch(
            source,
            batch.moved(read, moved_by),
            histories=len(some),
            events=sum(one.event_count for one in some),
        )


def _runs(some: list[_Mapped], held: dict[str, tuple[str, KnownRun]]) -> list[Row]:
    """A row for each run; of several copies in one batch the longest tells what the run is like."""
    longest: dict[str, _Mapped] = {}
    for one in sorted(some, key=lambda one: one.history.next_event_id):
        longest[one.run_id] = one
    return [_run(one, held) for one in longest.values()]


def _run(one: _Mapped, held: dict[str, tuple[str, KnownRun]]) -> Row:
    history, old = one.history, held[one.run_id][1].row if one.run_id in held else None
    if old is not None and old["next_event_id"] >= history.next_event_id:
        return old
    is_in_sight = history.is_closed or (old is not None and old["observed_until_at"] is None)
    return {
        "workflow_id": clean(one.workflow_id or "") or one.run_id,
        "run_id": one.run_id,
        "status": "running",
        **({"tail_token": old["tail_token"]} if old else {}),
        **history.facts,
        "next_event_id": history.next_event_id,
        "is_complete": history.is_closed,
        "observed_until_at": None if is_in_sight else max(row["time_at"] for row in one.rows.events),
    }


def _made_up_id(found: FoundHistory) -> str:
    """A run id for a history that does not tell its own: the same content always gives the same."""
    digest = hashlib.sha256()
    for event in found.events:
        digest.update(event.SerializeToString(deterministic=True))
    return f"file-{digest.hexdigest()[:32]}"
