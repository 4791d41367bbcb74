"""How far the page can be trusted: each source in one word, one mark and one sentence. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from app.config import Config, source_names
from app.ui import wording
from value_stream import Stream

Row: TypeAlias = Mapping[str, Any]
# A source that is this many rounds behind is late, then lost. Rounds take time too, so there is a floor.
LATE_ROUNDS, LOST_ROUNDS = 5, 30
LATE_SECONDS, LOST_SECONDS = 15.0, 90.0
MARKS = {"good": "✓", "late": "◷", "down": "▲", "waiting": "…"}


@dataclass(frozen=True)
class Trust:
    """One source. state: good | late | down | waiting (nothing was ever read).

    differs: it has counted otherwise than we do for longer than a run that begins or ends in between explains.
    """

    source: str
    state: str
    words: str
    detail: str
    error: str | None = None
    counts: str = ""
    differs: bool = False

    @property
    def mark(self) -> str:
        """The sign beside the words, so that colour is never alone."""
        return MARKS[self.state]


def trust(row: Row, as_of: datetime, every_seconds: float) -> Trust:
    """What a row of source_health says, as of an instant, of a source that is read every so many seconds."""
    source, read_at, behind = row["source"], row["as_of_at"], row["behind_seconds"]
    error = row["last_error"] if _is_failing(row) else None
    if read_at is None:
        words = "cannot be read" if error else "not read yet"
        return Trust(source, "down" if error else "waiting", words, error or "The first round is under way.", error)
    counted = reconciled(row)
    counts = {None: "", True: f"open here {counted.words}", False: f"open: {counted.words}"}[counted.is_equal]
    differs = counted.is_equal is False and _has_lasted(row["equal_at"], as_of, every_seconds)
    span = wording.duration(max(behind or 0.0, 0.0))
    detail = f"Read completely up to {wording.clock(read_at)} UTC"
    if row["kind"] == "files":
        return Trust(source, "good", "from files", detail, counts=counts, differs=differs)
    if error:
        return Trust(source, "down", f"failing, {span} behind", f"{detail}. {error}", error, counts, differs)
    state = _state(behind or 0.0, every_seconds)
    return Trust(source, state, f"{span} behind", detail, counts=counts, differs=differs)


def trusts(rows: Sequence[Row], config: Config, as_of: datetime, stream: Stream | None = None) -> list[Trust]:
    """The sources that `stream` is fed from (None: all): those that were read, then those that the config names and
    that no round has ended for yet."""
    found = [trust(row, as_of, config.sync.every_seconds) for row in rows if feeds(stream, row["source"], row["kind"])]
    known = {row["source"] for row in rows}
    kinds = {database.name: "database" for database in config.databases}
    missing = [name for name in source_names(config) if name not in known]
    return found + [unread(name) for name in missing if feeds(stream, name, kinds.get(name, "temporal"))]


def feeds(stream: Stream | None, source: str, kind: str) -> bool:
    """Whether a figure of `stream` can come from this source: a database only where the stream reads rows of it."""
    if stream is None:
        return True
    if kind == "database":
        return source in {rows.place.source for rows in stream.rows}
    return not stream.item.sources or source in stream.item.sources


def unread(source: str) -> Trust:
    """A source of which nothing is known yet."""
    return Trust(source, "waiting", "not read yet", "The first round is under way.")


def _is_failing(row: Row) -> bool:
    """The last word was an error: a complete round after it would have moved as_of_at past it."""
    at = row["last_error_at"]
    return row["last_error"] is not None and (row["as_of_at"] is None or at is None or at > row["as_of_at"])


def _has_lasted(equal_at: datetime | None, as_of: datetime, every_seconds: float) -> bool:
    return equal_at is None or _state((as_of - equal_at).total_seconds(), every_seconds) != "good"


def _state(behind: float, every_seconds: float) -> str:
    if behind > max(LOST_SECONDS, LOST_ROUNDS * every_seconds):
        return "down"
    return "late" if behind > max(LATE_SECONDS, LATE_ROUNDS * every_seconds) else "good"


@dataclass(frozen=True)
class Reconciled:
    """Open here against open there. mark: ✓ equal, ≠ different, a dash when the source has no such count."""

    mark: str
    words: str
    is_equal: bool | None


def reconciled(row: Row) -> Reconciled:
    """Compare the counts right after the last round."""
    here, there = row["open_here"], row["open_there"]
    if here is None or there is None:
        return Reconciled(wording.NOTHING, "not counted", None)
    if here == there:
        return Reconciled("✓", f"{wording.count(here)} = {wording.count(there)} there", True)
    return Reconciled("≠", f"{wording.count(here)} here, {wording.count(there)} there", False)


def worst(found: Sequence[Trust]) -> str:
    """The state of all sources together."""
    order = ("down", "waiting", "late", "good")
    return next((state for state in order if any(each.state == state for each in found)), "waiting")
