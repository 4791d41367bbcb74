"""Numbers as people read them. Pure; beside the sentences of stuck work nothing is rounded below the pages."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from value_stream.durations import brief_duration

NOTHING = "–"  # noqa: RUF001 - an en dash reads as "no value"
_SPANS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CHF": "CHF"}
_SCALES = ((1e9, "bn"), (1e6, "m"), (1e3, "k"))
_MARKDOWN = "\\`*_{}[]()<>#+-.!|~$:&^"


def duration(seconds: float | None) -> str:
    """Two significant digits: 45s, 18m, 3.1d."""
    return NOTHING if seconds is None else brief_duration(seconds)


def exact_duration(seconds: float | None) -> str:
    """Down to the second: 1d 2h 0m 9s."""
    if seconds is None:
        return NOTHING
    rest = round(seconds)
    parts: list[str] = []
    for size, unit in _SPANS:
        amount, rest = divmod(rest, size)
        if amount or parts or unit == "s":
            parts.append(f"{amount}{unit}")
    return " ".join(parts)


def count(number: int | None) -> str:
    """Whole, thousands apart by a narrow space."""
    return NOTHING if number is None else f"{number:,}".replace(",", "\u202f")


def amount(number: float | None, unit: str | None) -> str:
    """Money or any other unit at three significant digits: € 84.2k, 12 pallets."""
    if number is None:
        return NOTHING
    # Judged after rounding to three digits: 999,600 is 1m, not 1000k.
    rounded = float(f"{number:.3g}")
    size, suffix = next((scale for scale in _SCALES if abs(rounded) >= scale[0]), (1.0, ""))
    digits = f"{rounded / size:.3g}"
    symbol = _SYMBOLS.get(unit or "")
    if symbol:
        return f"{symbol}\u202f{digits}{suffix}"
    return f"{digits}{suffix} {unit}" if unit else f"{digits}{suffix}"


def measure(unit: str) -> Callable[[float], str]:
    """How numbers of a unit are written: `seconds`, `share`, money or goods by their name; counts where it is empty."""
    if unit == "seconds":
        return duration
    if unit == "share":
        return share
    return (lambda number: amount(number, unit)) if unit else lambda number: count(round(number))


def share(part: float | None) -> str:
    """A share of 0 to 1 in per cent; never 0 % or 100 % unless it is exactly that."""
    if part is None:
        return NOTHING
    percent = min(max(round(part * 100), 1), 99) if 0 < part < 1 else round(part * 100)
    return f"{percent}\u202f%"


def clock(instant: datetime, zone: object = UTC) -> str:
    """Time of day to the second, with the date when it is another day's."""
    local = instant.astimezone(zone)  # type: ignore[arg-type]
    return f"{local:%H:%M:%S}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """1 item, 2 items."""
    return f"{count(number)} {one if number == 1 else many or several(one)}"


def several(one: str) -> str:
    """The plural of a stream's word for its item, by the usual rules: stories, boxes, claims."""
    if re.search("[^aeiou]y$", one):
        return one[:-1] + "ies"
    return one + ("es" if one.endswith(("s", "x", "z", "ch", "sh")) else "s")


def change(now: float, before: float) -> str:
    """The signed difference of two counts."""
    difference = round(now - before)
    return f"{'+' if difference > 0 else '−' if difference < 0 else '±'}{count(abs(difference))}"  # noqa: RUF001


def plain(text: str) -> str:
    """Text from outside for a place that reads Markdown: every mark is escaped, line ends become spaces.

    Workflow ids, stage values and error messages are written by others; as Markdown they could load pictures from
    another machine or imitate our own words.
    """
    return "".join(f"\\{mark}" if mark in _MARKDOWN else " " if mark in "\r\n\t" else mark for mark in text)
