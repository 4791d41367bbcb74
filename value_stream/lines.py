"""Finds the line of a place in a TOML text: tomllib does not say. Reads headers and keys, says nothing when unsure."""

import re
from collections.abc import Mapping
from functools import lru_cache

HEADER = re.compile(r"^\s*(\[{1,2})\s*([\w.\-]+)\s*\]{1,2}\s*(?:#.*)?$")
KEY = re.compile(r"^\s*([\w\-]+)\s*(?:\.[\w\-.\s]+)?=")


def line_of(text: str, place: tuple[str | int, ...]) -> int | None:
    """The line (from 1) of the nearest key or header that leads to a place: `("stages", 2, "target")`.

    Knows tables (`[item]`), arrays of tables (`[[stages]]`) and the keys directly below them, which is how people write
    stream files. None where nothing is found, and for files with multi-line strings, in which a line may only look
    like a key.
    """
    found = _lines(text)
    return next((found[place[:end]] for end in range(len(place), 0, -1) if place[:end] in found), None)


@lru_cache(maxsize=2)
def _lines(text: str) -> Mapping[tuple[str | int, ...], int]:
    found: dict[tuple[str | int, ...], int] = {}
    if '"""' in text or "'''" in text:
        return found
    table: tuple[str | int, ...] = ()
    counts: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if header := HEADER.match(line):
            table = _table_of(header[1] == "[[", header[2], counts)
            found.setdefault(table, number)
        elif key := KEY.match(line):
            found.setdefault((*table, key[1]), number)
    return found


def _table_of(is_array: bool, name: str, counts: dict[str, int]) -> tuple[str | int, ...]:
    """Where a header leads; `[[stages]]` counts up, `[stages.x]` belongs to the last of them."""
    if is_array:
        counts[name] = counts.get(name, -1) + 1
    place: tuple[str | int, ...] = ()
    parts = name.split(".")
    for end, part in enumerate(parts, start=1):
        place = (*place, part)
        prefix = ".".join(parts[:end])
        if prefix in counts:
            place = (*place, counts[prefix])
    return place
