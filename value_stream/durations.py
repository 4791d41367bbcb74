"""Durations as people write them: `30s`, `4h`, `2d`, `1h30m`, `1.5h`. Elapsed time: a day is 24 hours."""

import re
from fractions import Fraction
from typing import Annotated, NoReturn

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

UNIT_MICROS = {
    "w": 7 * 86_400_000_000,
    "d": 86_400_000_000,
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
    "us": 1,
}
# Least seconds to be told in a unit, seconds of the unit, its name.
BRIEF_SPANS = ((4 * 604_800, 604_800, "w"), (86_400, 86_400, "d"), (3_600, 3_600, "h"), (60, 60, "m"), (0, 1, "s"))
WRITTEN_UNITS = ("d", "h", "m", "s", "ms", "us")
LONGEST_MICROS = 100 * 366 * UNIT_MICROS["d"]  # far beyond any promise, and well inside a 64-bit integer
PART = r"(?:[0-9]{1,18}(?:\.[0-9]{1,12})?)(?:us|ms|[wdhms])"
WRITTEN = re.compile(rf"{PART}(?: ?{PART})*")
EACH_PART = re.compile(r"([0-9.]+)(us|ms|[wdhms])")


def parse_duration(text: str) -> int:
    """Microseconds of a written duration: numbers with units, largest unit first, each unit once.

    Units are w d h m s ms us; `m` is minutes. A fraction is allowed as long as it comes to whole microseconds.
    Raises ValueError for anything else, and for more than a hundred years.
    """
    if not WRITTEN.fullmatch(text):
        raise ValueError("not a duration; write it like 30s, 4h, 2d or 1h30m")
    parts = [(Fraction(number), unit) for number, unit in EACH_PART.findall(text)]
    sizes = [UNIT_MICROS[unit] for _, unit in parts]
    if sizes != sorted(set(sizes), reverse=True):
        raise ValueError("each unit once, the largest first, like 1d4h30m")
    micros = sum(number * UNIT_MICROS[unit] for number, unit in parts)
    if micros > LONGEST_MICROS:
        raise ValueError("longer than a hundred years")
    if micros != int(micros):
        raise ValueError("finer than a microsecond")
    return int(micros)


def format_duration(micros: int) -> str:
    """The shortest way to write so many microseconds (0 or more) in whole days, hours, minutes and so on: `1d4h30m`."""
    if micros < 0:
        raise ValueError(f"a duration is not negative: {micros}")
    written = ""
    for unit in WRITTEN_UNITS:
        count, micros = divmod(micros, UNIT_MICROS[unit])
        written += f"{count}{unit}" if count else ""
    return written or "0s"


def brief_duration(seconds: float) -> str:
    """A duration to be read at a glance, two significant digits: 45s, 18m, 3.1d.

    Weeks only from four on, since people count short ones in days.
    """
    if seconds < 0:
        return "-" + brief_duration(-seconds)
    size, unit = next((size, unit) for least, size, unit in BRIEF_SPANS if seconds >= least)
    number = seconds / size
    if unit == "s" or number >= 9.95:
        return f"{round(number)}{unit}"
    return f"{number:.1f}".removesuffix(".0") + unit


def _from_file(value: object) -> int:
    if not isinstance(value, str):
        _refuse("a duration is text with a unit, like '30s' or '4h'")
    try:
        micros = parse_duration(value)
    except ValueError as error:
        _refuse(str(error))
    if micros == 0:
        _refuse("a duration here is longer than nothing")
    return micros


def _refuse(problem: str) -> NoReturn:
    raise PydanticCustomError("duration", "{problem}", {"problem": problem})


Duration = Annotated[
    int,
    BeforeValidator(_from_file),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{WRITTEN.pattern}$", "examples": ["30s", "4h", "2d", "1h30m"]}),
]
"""A field that is written as text in the file and held as integer microseconds; always longer than nothing."""
