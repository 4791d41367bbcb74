"""Map one history event to the values that are kept of it: search attributes always, all else by declared path."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.history.v1 import HistoryEvent

from connectors.temporal.payloads import (
    MISSING,
    argument,
    as_text,
    clean,
    cut,
    decode,
    fields,
    look_up,
    search_attribute,
)


class DeclaredPath(Protocol):
    """A path that a stream file names, so that it may be kept.

    `kind` is start | signal | update | update_result | activity | activity_result | child | memo | header; `name` the
    exact message, activity, child or workflow type, None for any; `path` is written as in the stream file.
    """

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def path(self) -> str: ...


class Declared:
    """Declared paths, ready to be asked for each event."""

    def __init__(self, paths: Iterable[DeclaredPath] = ()) -> None:
        self.paths = frozenset((path.kind, path.name, path.path) for path in paths)
        self._paths: dict[str, dict[str, set[str | None]]] = {}
        for kind, name, path in self.paths:
            self._paths.setdefault(kind, {}).setdefault(path, set()).add(name)
        self.needs_earlier_names = any(
            kind in ("activity_result", "update_result") and name is not None for kind, name, _ in self.paths
        )

    def of(self, kind: str, name: str | None) -> list[str]:
        """The paths to keep of a payload of this kind and name, in order."""
        return sorted(path for path, names in self._paths.get(kind, {}).items() if None in names or name in names)

    def has(self, kind: str) -> bool:
        """Whether any path of this kind is declared."""
        return kind in self._paths


def attribute_rows(event: HistoryEvent, declared: Declared, name: str | None) -> Iterator[tuple[str, str | None, bool]]:
    """Path, value and is_cut of each value that is kept of an event.

    `name` is what the event is about: activity type, message name, child or workflow type; for results the name of the
    activity or update that is answered. A path the payload does not have gives no row; a null, or a payload that cannot
    be read, gives a row with value None. Every search attribute gives a row, None where it was unset.
    """
    field = event.WhichOneof("attributes")
    if field is None:
        return
    attributes = getattr(event, field)
    for path, value in _values(event.event_type, attributes, declared, name):
        text, is_cut = (None, False) if value is None else cut(value)
        yield clean(path), text, is_cut


def _values(event_type: int, attributes: Any, declared: Declared, name: str | None) -> Iterator[tuple[str, str | None]]:
    if event_type in SEARCH_ATTRIBUTES:
        for path, payload in fields(attributes.search_attributes.indexed_fields, "search_attribute"):
            yield path, search_attribute(payload)
    if event_type in MEMOS and declared.has("memo"):
        yield from _keyed(MEMOS[event_type](attributes), "memo", declared.of("memo", None))
    if event_type in HEADERS and declared.has("header"):
        yield from _keyed(HEADERS[event_type](attributes), "header", declared.of("header", name))
    if event_type in BODIES:
        kind, find = BODIES[event_type]
        paths = declared.of(kind, name)
        if paths:
            yield from _in_body(find(attributes), paths)


def _keyed(payloads: Mapping[str, Payload], root: str, paths: list[str]) -> Iterator[tuple[str, str | None]]:
    for path in paths:
        key = path.removeprefix(f"{root}.")
        if key in payloads:
            yield path, as_text(decode(payloads[key]))
        elif "." in key and (outer := key.split(".")[0]) in payloads:
            value = look_up(decode(payloads[outer]), key.split(".")[1:])
            if value is not MISSING:
                yield path, as_text(value)


def _in_body(payloads: Payloads, paths: list[str]) -> Iterator[tuple[str, str | None]]:
    for path in paths:
        value = argument(payloads, path.split(".")[1:])
        if value is not MISSING:
            yield path, as_text(value)


SEARCH_ATTRIBUTES = frozenset({1, 40})
MEMOS: dict[int, Callable[[Any], Mapping[str, Payload]]] = {
    1: lambda a: a.memo.fields,
    44: lambda a: a.upserted_memo.fields,
    46: lambda a: a.upserted_memo.fields,
}
HEADERS: dict[int, Callable[[Any], Mapping[str, Payload]]] = {
    **dict.fromkeys((1, 10, 26, 29), lambda a: a.header.fields),
    41: lambda a: a.accepted_request.input.header.fields,
}
BODIES: dict[int, tuple[str, Callable[[Any], Payloads]]] = {
    1: ("start", lambda a: a.input),
    10: ("activity", lambda a: a.input),
    12: ("activity_result", lambda a: a.result),
    26: ("signal", lambda a: a.input),
    29: ("child", lambda a: a.input),
    41: ("update", lambda a: a.accepted_request.input.args),
    43: ("update_result", lambda a: a.outcome.success),
}
