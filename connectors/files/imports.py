"""From histories in files to batches: the same mapping as for live reads."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.files.histories import FileFault, FoundHistory, histories_in
from connectors.temporal.attributes import Declared, DeclaredPath
from connectors.temporal.gathering import table
from connectors.temporal.histories import History, Row, own_run_id
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
    paths: Sequence[Path], *, declared: Iterable[DeclaredPath] = (), known: KnownAnywhere
) -> Iterator[ImportBatch | FileFault]:
    """Batches of bounded size of every history found, and every fault; one after the other, nothing kept.

    A run that the warehouse holds already gains what it lacked and loses nothing: the longer history tells what the
    run is like. A run whose file ends open is lost from sight from its last event on, unless the warehouse knows more.
    """
    wanted = Declared(declared)
    gathered: list[tuple[FoundHistory, str, History, Any]] = []
    events = 0
    for path in find_files(paths):
        if isinstance(path, FileFault):
            yield path
            continue
        for found in histories_in(path):
            if isinstance(found, FileFault):
                yield found
                continue
            run_id = found.run_id or own_run_id(found.events) or _made_up_id(found)
            history = History(run_id, wanted)
            gathered.append((found, run_id, history, history.read(found.events)))
            events += len(found.events)
            if events >= MOST_EVENTS or len(gathered) >= MOST_RUNS:
                yield from _batches(gathered, known)
                gathered, events = [], 0
    yield from _batches(gathered, known)


def _batches(gathered: list[tuple[FoundHistory, str, History, Any]], known: KnownAnywhere) -> Iterator[ImportBatch]:
    if not gathered:
        return
    held = known([run_id for _, run_id, _, _ in gathered])
    by_source: dict[str | None, list[tuple[FoundHistory, str, History, Any]]] = {}
    for one in gathered:
        source = held[one[1]][0] if one[1] in held else None
        by_source.setdefault(source, []).append(one)
    for source, some in by_source.items():
        runs = {run_id: _run(found, run_id, history, held) for found, run_id, history, _ in some}
        yield ImportBatch(
            source,
            batch.Batch(
                runs=table(list(runs.values()), batch.RUNS),
                events=table([row for *_, rows in some for row in rows.events], batch.EVENTS),
                attributes=table([row for *_, rows in some for row in rows.attributes], batch.ATTRIBUTES),
            ),
            histories=len(some),
            events=sum(len(found.events) for found, *_ in some),
        )


def _run(found: FoundHistory, run_id: str, history: History, held: dict[str, tuple[str, KnownRun]]) -> Row:
    old = held[run_id][1].row if run_id in held else None
    if old is not None and old["next_event_id"] >= history.next_event_id:
        return old
    last_at = max(event.event_time.ToDatetime() for event in found.events)
    return {
        "workflow_id": clean(found.workflow_id or "") or run_id,
        "run_id": run_id,
        "status": "running",
        **({"tail_token": old["tail_token"]} if old else {}),
        **history.facts,
        "next_event_id": history.next_event_id,
        "is_complete": history.is_closed,
        "observed_until_at": None if history.is_closed or old else last_at,
    }


def _made_up_id(found: FoundHistory) -> str:
    """A run id for a history that does not tell its own: the same content always gives the same."""
    digest = hashlib.sha256()
    for event in found.events:
        digest.update(event.SerializeToString(deterministic=True))
    return f"file-{digest.hexdigest()[:32]}"
