"""Reads a stream file's tables as written: what has the expected shape comes back, the rest is passed over."""

from collections.abc import Iterator, Mapping

from value_stream.durations import parse_duration
from value_stream.faults import Place
from value_stream.paths import root_of
from value_stream.rules import PATH_ROOTS

Table = Mapping[str, object]


def tables(data: Table, key: str, place: Place = ()) -> Iterator[tuple[Place, Table]]:
    """The tables of an array of tables, each with its place."""
    values = data.get(key)
    for index, value in enumerate(values if isinstance(values, list) else []):
        if isinstance(value, Mapping):
            yield (*place, key, index), value


def text(table: Table, key: str) -> str | None:
    """The text at a key."""
    value = table.get(key)
    return value if isinstance(value, str) else None


def texts(table: Table, key: str) -> list[tuple[int, str]]:
    """The texts of a list at a key, each with its index."""
    values = table.get(key)
    return [(i, value) for i, value in enumerate(values if isinstance(values, list) else []) if isinstance(value, str)]


def durations_of(table: Table, *keys: str) -> list[int | None]:
    """The durations at the keys in microseconds; None for what is none."""
    return [_micros(table.get(key)) for key in keys]


def _micros(value: object) -> int | None:
    try:
        return parse_duration(value) if isinstance(value, str) else None
    except ValueError:
        return None


def rules_of(data: Table) -> Iterator[tuple[Place, Table]]:
    """Every event rule of the file."""
    item = data.get("item")
    if isinstance(item, Mapping):
        yield from tables(item, "done", ("item",))
    for place, stage in tables(data, "stages"):
        yield from tables(stage, "enter", place)
    for place, decision in tables(data, "decisions"):
        asked = decision.get("asked")
        if isinstance(asked, Mapping):
            yield (*place, "asked"), asked
        for key in ("answered", "claimed", "escalated"):
            yield from tables(decision, key, place)
    for place, exception in tables(data, "exceptions"):
        when = exception.get("when")
        if isinstance(when, Mapping):
            yield (*place, "when"), when


def written_paths(data: Table) -> Iterator[tuple[Place, str]]:
    """Every path of the file, and the tables that rules name."""
    item = data.get("item")
    if isinstance(item, Mapping):
        yield from _paths_of_item(item)
    for section, keys in (("stages", ("requires",)), ("decisions", ("inputs", "actor"))):
        for place, table in tables(data, section):
            for key in keys:
                yield from (((*place, key, index), path) for index, path in texts(table, key))
    for place, rule in rules_of(data):
        if (table_path := text(rule, "row")) is not None:
            yield (*place, "row"), table_path


def _paths_of_item(item: Table) -> Iterator[tuple[Place, str]]:
    for key in ("initiator", "owner"):
        if (path := text(item, key)) is not None:
            yield ("item", key), path
    value = item.get("value")
    if isinstance(value, Mapping) and (path := text(value, "from")) is not None:
        yield ("item", "value", "from"), path
    yield from ((("item", "segments", index), path) for index, path in texts(item, "segments"))


def outcome_is_constant(rule: Table, outcome: str, options: list[str]) -> bool:
    """Whether an answer's outcome is meant as an option, not as the place where one is written."""
    if outcome in options:
        return True
    return root_of(outcome) not in PATH_ROOTS and ("row" not in rule or "equals" in rule)
