"""What a page shows is in its address: the names of the parameters, and what their text may mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

STREAM, AS_OF, SHOWS, LIVE, STAGE, BY = "stream", "as_of", "show", "live", "stage", "by"
CAUSE, ITEM = "cause", "item"
WHERE = "where."  # Followed by the segment: ?where.Region=North
THEN, NOW, DIFFERENCE = "Then", "Now", "Difference"

WINDOWS: Mapping[str, timedelta] = {
    "10m": timedelta(minutes=10),
    "1h": timedelta(hours=1),
    "8h": timedelta(hours=8),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
PERIODS: Mapping[str, timedelta] = {
    name: WINDOWS[name] if name in WINDOWS else timedelta(days=90) for name in ("1h", "8h", "1d", "7d", "30d", "90d")
}
# Kinds of windows, by the parameter's name: what may be chosen, what is chosen as long as nobody does, and its words.
CHOICES: Mapping[str, tuple[Mapping[str, timedelta], str, str]] = {
    "window": (WINDOWS, "1h", "Window of moves, arrivals and departures"),
    "period": (PERIODS, "7d", "Period that is looked back on"),
}
USUAL_WINDOW = "1h"
LONGEST = 200  # Characters of a value; more is nobody's segment.


@dataclass(frozen=True)
class Filters:
    """What the viewer chose.

    as_of: the instant the figures speak about; None means now. then: the past instant that was chosen, if any.
    compares: the figures are those of now, and how they differ from those of `then` is what is shown.
    window: text of the window, a key of WINDOWS or PERIODS. where: (segment, value) pairs.
    """

    stream: str | None = None
    as_of: datetime | None = None
    window: str = USUAL_WINDOW
    where: tuple[tuple[str, str], ...] = ()
    is_live: bool = True
    then: datetime | None = None
    compares: bool = False

    @property
    def refreshes(self) -> bool:
        """Whether the page follows the data by itself: only while it shows now."""
        return self.is_live and self.as_of is None

    @property
    def length(self) -> timedelta:
        """How long the window is."""
        return WINDOWS.get(self.window) or PERIODS[self.window]


def showing(then: datetime | None, shows: str | None) -> tuple[datetime | None, bool]:
    """The instant to show and whether to show the difference to it, from the chosen instant and `show` parameter."""
    return (then if shows in (None, THEN) else None), then is not None and shows == DIFFERENCE


def instant_of(text: str | None, now: datetime) -> datetime | None:
    """The instant an `as_of` parameter means; None for none, for nonsense and for the future (that is: now)."""
    if not text or len(text) > LONGEST:
        return None
    try:
        parsed = datetime.fromisoformat(text)
        instant = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return instant if instant < now else None


def text_of(instant: datetime) -> str:
    """The same instant as a parameter: 2026-11-22T14:30:00Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def values_with(seen: Sequence[str], chosen: str | None) -> list[str]:
    """Values to offer: those that are there now, and the one a link names though none is there any more."""
    extra = [chosen] if chosen and len(chosen) <= LONGEST and chosen not in seen else []
    return sorted({*seen}) + extra


def parameters(filters: Filters) -> dict[str, str]:
    """What was chosen above the page, as parameters of an address; what is usual is left out.

    The window is not among them: pages have windows of different kinds, and each keeps its own.
    """
    shows = DIFFERENCE if filters.compares else NOW if filters.then and not filters.as_of else None
    given = {
        STREAM: filters.stream,
        AS_OF: text_of(filters.then) if filters.then else None,
        SHOWS: shows,
        LIVE: None if filters.is_live else "false",
        **{WHERE + segment: value for segment, value in filters.where},
    }
    return {name: value for name, value in given.items() if value is not None}
