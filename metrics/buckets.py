"""The minutes, hours, days or weeks of a window."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from duckdb import DuckDBPyConnection

from metrics.observed import BEGINNING, INSTANT, stretch
from metrics.question import MetricError, Question
from warehouse import rows

WIDTHS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
# Up to this long a window is shown in these buckets, unless the question says which.
USUAL = {"hour": timedelta(days=3), "day": timedelta(days=92)}
MOST = 3000
# Weeks begin on Mondays, the others as UTC has them.
A_MONDAY = datetime(1900, 1, 1, tzinfo=UTC)
FIRST = """
SELECT min(opened_at) AS first_at FROM item WHERE stream = $stream AND opened_at <= $as_of
"""


@dataclass(frozen=True)
class Buckets:
    """A window in buckets: `edges` are its start, every full minute, hour, day or week inside it, and its end.

    question: the one asked, without the bucket among its segments. params: from_at, last_at, until_at of the window;
    begin_micros, width_micros to number instants by.
    """

    question: Question
    edges: tuple[datetime, ...]
    params: dict[str, object]


def buckets(con: DuckDBPyConnection, stream: str, question: Question) -> Buckets:
    """The buckets of the question's window, which ends at the as-of instant at the latest.

    `minute`, `hour`, `day` or `week` among the question's `by` says which; else hours up to 3 days, days up to 92,
    weeks beyond. A window that begins before the first item of the stream begins with it. Raises MetricError for more
    than one of them, for more than 3000 buckets, and for a window that begins at the as-of instant or after it.
    """
    asked = [name for name in question.by if name in WIDTHS]
    if len(asked) > 1:
        raise MetricError(f"One bucket at a time: {' or '.join(asked)}, not both.")
    params = stretch(question)
    from_at, until_at = (_instant(params[name]) for name in ("from_at", "until_at"))
    from_at = max(from_at, min(_first(con, stream, question.as_of), until_at - INSTANT))
    name = asked[0] if asked else next((unit for unit, most in USUAL.items() if until_at - from_at <= most), "week")
    width = WIDTHS[name]
    begin = A_MONDAY + (from_at - A_MONDAY) // width * width
    full = -((begin - until_at) // width)
    if full > MOST:
        raise MetricError(
            f"{full} buckets of one {name} are more than {MOST}: ask for a shorter window or longer buckets."
        )
    inside = (begin + width * number for number in range(1, full))
    # An edge belongs to the bucket that begins with it, the last one to none.
    params |= {"from_at": from_at, "last_at": until_at - INSTANT, "begin_at": begin, "width_micros": width // INSTANT}
    narrowed = replace(question, by=tuple(name for name in question.by if name not in WIDTHS))
    return Buckets(narrowed, (from_at, *inside, until_at), params)


def _first(con: DuckDBPyConnection, stream: str, as_of: datetime) -> datetime:
    [row] = rows(con, FIRST, stream=stream, as_of=as_of)
    return _instant(row["first_at"] or BEGINNING)


def _instant(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError(f"{value!r} is no instant")
    return value.astimezone(UTC)
