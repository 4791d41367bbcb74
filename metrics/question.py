"""What a metric is asked, and how it refuses."""

from dataclasses import dataclass
from datetime import datetime


class MetricError(Exception):
    """The question cannot be answered as it stands; the message says what could be asked."""


@dataclass(frozen=True)
class Window:
    """A half-open stretch of time `[from_at, to_at)`, UTC."""

    from_at: datetime
    to_at: datetime

    def __post_init__(self) -> None:
        if self.from_at.tzinfo is None or self.to_at.tzinfo is None:
            raise MetricError("The window has no time zone: write its instants with one, such as 2026-01-31T12:00Z.")
        if self.from_at >= self.to_at:
            ends, begins = (f"{instant:%Y-%m-%d %H:%M:%SZ}" for instant in (self.to_at, self.from_at))
            raise MetricError(f"The window ends ({ends}) before it begins ({begins}).")


@dataclass(frozen=True)
class Question:
    """What is asked of a metric.

    as_of: the instant the figures speak about, UTC. window: the stretch they cover, for metrics that need one.
    where: (segment, value) pairs that must all hold; the value "(none)" stands for a missing one.
    by: segments to split by. known_at: answer from what was known by then; None means from all that is known.
    hide_persons: name nobody. smallest_group: figures of persons that rest on fewer rows are left out.
    of, before: for compare, the metric that is compared and the other side of it.
    """

    as_of: datetime
    window: Window | None = None
    where: tuple[tuple[str, str], ...] = ()
    by: tuple[str, ...] = ()
    known_at: datetime | None = None
    hide_persons: bool = False
    smallest_group: int = 1
    of: str | None = None
    before: "Question | None" = None

    def __post_init__(self) -> None:
        if self.as_of.tzinfo is None:
            raise MetricError("The as-of instant has no time zone: write one, such as 2026-01-31T12:00Z.")
        if self.known_at is not None and self.known_at < self.as_of:
            known, as_of = (f"{instant:%Y-%m-%d %H:%M:%SZ}" for instant in (self.known_at, self.as_of))
            raise MetricError(f"What was known at {known} says nothing of {as_of}, which came later.")

    def need_window(self) -> Window:
        """The window; raises MetricError when the question has none."""
        if self.window is None:
            raise MetricError("This metric needs a window, such as 1h, 30d or FROM..TO.")
        return self.window
