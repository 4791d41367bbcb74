"""What a page shows is in its address: the names of the parameters, and what their text may mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

STREAM, AS_OF, WINDOW, BY, LIVE, STAGE = "stream", "as_of", "window", "by", "live", "stage"
WHERE = "where."  # Followed by the segment: ?where.Region=North

WINDOWS: Mapping[str, timedelta] = {
    "10m": timedelta(minutes=10),
    "1h": timedelta(hours=1),
    "8h": timedelta(hours=8),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
USUAL_WINDOW = "1h"
LONGEST = 200  # Characters of a value; more is nobody's segment.


@dataclass(frozen=True)
class Filters:
    """What the viewer chose. `as_of` None means now; `where` holds (segment, value) pairs."""

    stream: str | None = None
    as_of: datetime | None = None
    window: str = USUAL_WINDOW
    where: tuple[tuple[str, str], ...] = ()
    is_live: bool = True

    @property
    def refreshes(self) -> bool:
        """Whether the page follows the data by itself: only while it shows now."""
        return self.is_live and self.as_of is None


def instant_of(text: str | None, now: datetime) -> datetime | None:
    """The instant an `as_of` parameter means; None for none, for nonsense and for the future (that is: now)."""
    if not text or len(text) > LONGEST:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    instant = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    return instant if instant < now else None


def text_of(instant: datetime) -> str:
    """The same instant as a parameter: 2026-11-22T14:30:00Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def values_with(seen: Sequence[str], chosen: str | None) -> list[str]:
    """Values to offer: those that are there now, and the one a link names though none is there any more."""
    extra = [chosen] if chosen and len(chosen) <= LONGEST and chosen not in seen else []
    return sorted({*seen}) + extra
