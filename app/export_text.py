"""A wish for rows as text: the parameters of a link, of the HTTP API, and the options of the command line."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import cast
from urllib.parse import urlencode

from app.answers import Ask
from app.errors import AskError
from app.exports import Wish, filter_text
from warehouse.selecting import Filter, Operator, Selection

FILTER, GROUP, MEASURE, SORT, COLUMN = "filter", "group", "measure", "sort", "column"
OWN = (FILTER, GROUP, MEASURE, SORT, COLUMN)
_FILTER = re.compile(r"^\s*(?P<column>[^\s<>=!~]+)\s*(?P<operator>>=|<=|!=|=|~|empty\b|filled\b)\s*(?P<value>.*?)\s*$")

Parameters = Mapping[str, list[str]]


def wish_from(kind: str, name: str, given: Parameters) -> Wish:
    """The wish that parameters mean. Raises AskError for one that there is not, and for a filter that says nothing."""
    known = {each.name: each for each in fields(Ask) if each.name != "metric"}
    for parameter in given:
        if parameter not in known and parameter not in OWN:
            raise AskError(f"No parameter {parameter!r}. There is: {', '.join((*known, *OWN))}.")
    asked = {
        key: tuple(given[key]) if each.default == () else given[key][-1] for key, each in known.items() if key in given
    }
    sort = (given.get(SORT) or [""])[-1]
    selection = Selection(
        columns=tuple(given.get(COLUMN, ())),
        filters=tuple(filter_from(text) for text in given.get(FILTER, ())),
        group=tuple(given.get(GROUP, ())),
        measure=(given.get(MEASURE) or [""])[-1] or None,
        sort=sort.removeprefix("-") or None,
        is_descending=sort.startswith("-"),
    )
    return Wish(kind, name, Ask(name, **asked), selection)  # type: ignore[arg-type]  # Text and texts, as Ask has them.


def parameters_of(wish: Wish) -> list[tuple[str, str]]:
    """The parameters that mean this wish."""
    chosen = wish.selection
    sort = [("-" if chosen.is_descending else "") + chosen.sort] if chosen.sort else []
    own: Iterable[tuple[str, Iterable[str]]] = (
        (FILTER, [filter_text(each) for each in chosen.filters]),
        (GROUP, chosen.group),
        (MEASURE, [chosen.measure] if chosen.measure else []),
        (SORT, sort),
        (COLUMN, chosen.columns),
    )
    return wish.ask.parameters() + [(name, text) for name, texts in own for text in texts]


def query_of(wish: Wish, **more: str) -> str:
    """The same as the query of an address."""
    return urlencode([*parameters_of(wish), *more.items()])


def filter_from(text: str) -> Filter:
    """`column operator value`; operators are those of the warehouse's selections. Raises AskError."""
    found = _FILTER.match(text)
    if found is None:
        raise AskError(
            f"{text!r} is no filter. Write it like `age_seconds >= 3600`, `stage = approval`, `item ~ 0042` (contains) "
            "or `actor empty`."
        )
    return Filter(found["column"], cast(Operator, found["operator"]), found["value"])
