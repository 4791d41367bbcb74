"""Where the next round goes on: the newest value of a cursor column, and how far to step back from it.

A row may be committed later than its cursor value says, so each round begins a little before the newest value seen.
For instants that is the overlap subtracted. For numbers and texts, which hold no time, it is the newest value that
was known an overlap before the last round. An instant in the future (a wrong clock, a planned date) counts as now, or
everything that comes after it would be missed.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from connectors.errors import ConnectorError

Value = datetime | date | int | float | Decimal | str
ISO_SECONDS = 19  # Characters of 2026-03-01 12:00:00.


class Newest:
    """The greatest cursor value among those noted. Compares as databases do: numbers, then instants, then text."""

    def __init__(self, column: str) -> None:
        self._column = column
        self._greatest: dict[int, Value] = {}

    def note(self, value: object) -> None:
        """Take in one value; raises ConnectorError when it is of a type that has no useful order."""
        rank, comparable = _ranked(value, self._column)
        if comparable is not None and (rank not in self._greatest or comparable > self._greatest[rank]):  # type: ignore[operator]
            self._greatest[rank] = comparable

    @property
    def value(self) -> Value | None:
        """The greatest value; where types are mixed, that of the type that sorts first, so that nothing is missed."""
        return self._greatest[min(self._greatest)] if self._greatest else None


def _ranked(value: object, column: str) -> tuple[int, Value | None]:
    if value is None or (isinstance(value, float | Decimal) and math.isnan(value)):
        return 0, None
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return 0, value
    if isinstance(value, datetime):
        return (1 if value.tzinfo else 2), value
    if isinstance(value, date):
        return 3, value
    if isinstance(value, str | UUID):
        return 4, str(value)
    raise ConnectorError(
        f"The cursor column {column} holds a {type(value).__name__}. It must hold instants, numbers or text.",
        retryable=False,
    )


@dataclass(frozen=True)
class Seen:
    """The newest value of a cursor column, and the instant (by our clock) of the round that saw it first."""

    at: datetime
    value: Value


def begin_from(seen: tuple[Seen, ...], last_round_at: datetime, overlap: timedelta) -> Value | None:
    """The value from which the next round reads, itself included; None: from the beginning."""
    if not seen:
        return None
    newest = seen[-1].value
    if isinstance(newest, datetime):
        return newest - overlap
    if isinstance(newest, date):
        return newest - timedelta(days=1) - overlap
    if isinstance(newest, str) and (instant := _instant_of(newest)):
        # Without fraction and zone it sorts before every text that has them.
        return (instant - overlap).isoformat(sep=newest[10], timespec="seconds")
    settled = [one.value for one in seen if one.at <= last_round_at - overlap]
    return settled[-1] if settled else None


def add_seen(
    seen: tuple[Seen, ...], newest: Value | None, at: datetime, clock: datetime, overlap: timedelta
) -> tuple[Seen, ...]:
    """What has been seen after a round at `at` that met `newest`, when the database's clock showed `clock`."""
    if newest is not None:
        value = _not_after(newest, clock)
        if not seen or _is_newer(value, seen[-1].value):
            seen = (*seen, Seen(at, value))
    settled = [one for one in seen if one.at <= at - overlap]
    return (*settled[-1:], *(one for one in seen if one.at > at - overlap))


def _is_newer(value: Value, known: Value) -> bool:
    return _ranked(value, "")[0] != _ranked(known, "")[0] or value > known  # type: ignore[operator]


def _not_after(value: Value, clock: datetime) -> Value:
    if isinstance(value, datetime):
        return min(value, clock if value.tzinfo else clock.astimezone(UTC).replace(tzinfo=None))
    if isinstance(value, date):
        return min(value, clock.astimezone(UTC).date())
    if isinstance(value, str) and (instant := _instant_of(value)):
        now = clock.astimezone(UTC).replace(tzinfo=None)
        return value if instant <= now else now.isoformat(sep=value[10], timespec="seconds")
    return value


def _instant_of(text: str) -> datetime | None:
    """The instant that a text like `2026-03-01 12:00:00.5` says, zone left out; None for any other text."""
    if len(text) < ISO_SECONDS or text[10] not in " T":
        return None
    try:
        return datetime.strptime(text[:10] + text[11:ISO_SECONDS], "%Y-%m-%d%H:%M:%S")  # noqa: DTZ007
    except ValueError:
        return None


def encoded(seen: Iterable[Seen]) -> list[list[str]]:
    """As plain JSON: the instant, the type of the value, and the value."""
    return [[one.at.isoformat(), *_encoded(one.value)] for one in seen]


def decoded(lists: Iterable[list[str]]) -> tuple[Seen, ...]:
    """The opposite of `encoded`; raises ValueError or KeyError on anything else."""
    return tuple(Seen(datetime.fromisoformat(at), DECODERS[kind](text)) for at, kind, text in lists)


def _encoded(value: Value) -> tuple[str, str]:
    if isinstance(value, datetime):
        return "instant", value.isoformat()
    if isinstance(value, date):
        return "date", value.isoformat()
    if isinstance(value, int):
        return "integer", str(value)
    if isinstance(value, float):
        return "float", repr(value)
    return ("decimal" if isinstance(value, Decimal) else "text"), str(value)


DECODERS: dict[str, Callable[[str], Value]] = {
    "instant": datetime.fromisoformat,
    "date": date.fromisoformat,
    "integer": int,
    "float": float,
    "decimal": Decimal,
    "text": str,
}
