"""Where the next round goes on."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from connectors.errors import ConnectorError

OVERLAP = timedelta(minutes=5)  # Lists are written after the fact; what closed may show up late.
MOST_AGAIN = 500


@dataclass(frozen=True)
class Watermark:
    """Where the next round goes on.

    closed_at: the newest close that was listed, by the server's clock; all that closed before it and after
    `before_at` was read. before_at: closed runs up to this close are still to be read, newest first; None with
    is_past_read False means from the newest. listed_at: when the last round listed, by our clock. again: closed runs
    (workflow id, run id) that could not be read and will be tried again.
    """

    closed_at: datetime | None = None
    before_at: datetime | None = None
    is_past_read: bool = False
    listed_at: datetime | None = None
    again: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_text(cls, text: str | None) -> "Watermark":
        """Read back what `to_text` wrote; None is the beginning. Raises ConnectorError for anything else."""
        if text is None:
            return cls()
        try:
            kept = json.loads(text)
            instants = {name: _instant(kept[name]) for name in ("closed_at", "before_at", "listed_at")}
            again = tuple((workflow_id, run_id) for workflow_id, run_id in kept["again"])
            return cls(**instants, is_past_read=bool(kept["is_past_read"]), again=again)
        except (ValueError, KeyError, TypeError) as error:
            raise ConnectorError(
                f"The warehouse's mark for where to go on reading Temporal is not ours: {error}. "
                "Was the file written by another program? Clear the source's watermark to read all of it again.",
                retryable=False,
            ) from error

    def to_text(self) -> str:
        """As JSON text."""
        return json.dumps(asdict(self), default=datetime.isoformat)

    def recent_query(self) -> str:
        """Selects open runs and those that closed since, with an overlap."""
        if self.closed_at is not None:
            return f"(CloseTime IS NULL OR CloseTime >= '{_text(self.closed_at - OVERLAP)}')"
        return "" if self.is_past_read else "CloseTime IS NULL"

    def past_query(self) -> str:
        """Selects closed runs that were never listed yet."""
        return "CloseTime IS NOT NULL" if self.before_at is None else f"CloseTime <= '{_text(self.before_at)}'"

    def with_close(self, closed_at: datetime | None) -> "Watermark":
        """After a close was listed: the newest one counts."""
        if closed_at is None or (self.closed_at is not None and closed_at <= self.closed_at):
            return self
        return replace(self, closed_at=closed_at)


def narrowed(query: str, own: str) -> str:
    """A query of ours, narrowed by the one in the config; either may be empty."""
    if query and own:
        return f"{query} AND ({own})"
    return query or own


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
