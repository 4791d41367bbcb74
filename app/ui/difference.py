"""Now against then: figures, tables and the map, each with how it changed in place of what it is. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from app.ui import wording

Data: TypeAlias = dict[str, Any]
Format: TypeAlias = Callable[[float], str]
_COUNT = wording.measure("")
_SIGNS = {1: "+", -1: "−", 0: "±"}  # noqa: RUF001 - the minus sign, as wide as the plus


def signed(now: float, then: float, words: Format = _COUNT) -> str:
    """The difference with its sign, in the figure's own unit: +3, −1.2h, ±0."""  # noqa: RUF002
    difference = now - then
    return _SIGNS[(difference > 0) - (difference < 0)] + words(abs(difference))


def tone(now: float, then: float, better: str | None) -> str:
    """good or bad, where one direction is better (`more`, `less`) and the figure moved; else none."""
    if better is None or now == then:
        return "none"
    return "good" if (now > then) is (better == "more") else "bad"


def figures(now: Sequence[Data], then: Sequence[Data]) -> list[Data]:
    """Headline figures with their change since then, coloured by whether the direction is good."""
    before = {each["key"]: each for each in then}
    return [_figure(each, before[each["key"]]) if each["key"] in before else each for each in now]


def _figure(now: Data, then: Data) -> Data:
    kept = {name: value for name, value in now.items() if name not in ("series", "part", "shape")}
    return kept | {
        "text": signed(now["number"], then["number"], wording.measure(now.get("unit", ""))),
        "words": [f"{now['text']} now", f"{then['text']} then"],
        "tone": tone(now["number"], then["number"], now.get("better")),
    }


def table(now: Data, then: Data, formats: Mapping[str, Format] | None = None) -> Data:
    """A table whose numbers are their change since then. Rows belong together by their head; what is in one only counts
    as nothing in the other. `formats`: how a column's numbers are written, where they are no counts.
    """
    heads = [column["isHead"] for column in now["columns"]]
    head = heads.index(True) if True in heads else 0
    keys = [column["key"] for column in then["columns"]]
    before = {row["cells"][head]["text"]: dict(zip(keys, row["cells"], strict=True)) for row in then["rows"]}
    rows = [_row(row, now["columns"], before.get(row["cells"][head]["text"], {}), formats or {}) for row in now["rows"]]
    return now | {"rows": rows, "caption": f"{now['caption']}, change"}


def _row(row: Data, columns: Sequence[Data], before: Mapping[str, Data], formats: Mapping[str, Format]) -> Data:
    cells = [
        _cell(cell, before.get(column["key"]), formats.get(column["key"], _COUNT))
        if column["kind"] == "number" and isinstance(cell.get("sort"), int | float)
        else cell
        for cell, column in zip(row["cells"], columns, strict=True)
    ]
    return row | {"cells": cells}


def _cell(now: Data, then: Data | None, words: Format) -> Data:
    before = then.get("sort", 0) if then else 0
    change = signed(now["sort"], before, words)
    title = f"{now['text'] or words(now['sort'])} now, {(then or {}).get('text') or words(before)} then"
    return {
        "text": change,
        "sort": now["sort"] - before,
        "title": title,
        "tone": "quiet" if now["sort"] == before else "",
    }
