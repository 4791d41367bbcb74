"""Map one history event to the values that are kept of it: search attributes always, all else by declared path."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.history.v1 import HistoryEvent

from connectors.temporal.payloads import (
    MISSING,
    as_text,
    clean,
    cut,
    decode,
    fields,
    is_readable,
    look_up,
    place_in,
    sealed,
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


@dataclass(frozen=True)
class Value:
    """One value that is kept of an event. `note` is the encoding and size of a payload that could not be read."""

    path: str
    value: str | None
    is_cut: bool = False
    note: str | None = None


def values_of(event: HistoryEvent, declared: Declared, name: str | None) -> Iterator[Value]:
    """The values that are kept of an event.

    `name` is what the event is about: activity type, message name, child or workflow type; for results the name of the
    activity or update that is answered. A path the payload does not have gives nothing; a null, or a payload that
    cannot be read, gives None. Every search attribute gives a value, None where it was unset.
    """
    if event.event_type not in CARRYING or (field := event.WhichOneof("attributes")) is None:
        return
    attributes = getattr(event, field)
    if event.event_type in SEARCH_ATTRIBUTES:
        for path, payload in fields(attributes.search_attributes.indexed_fields, "search_attribute"):
            yield _value(path, search_attribute(payload), payload)
    for places in _places(event.event_type, attributes, declared, name):
        for place in places:
            value = place.value()
            if value is not MISSING:
                yield _value(place.path, as_text(value), place.payload)


def payloads_of(event: HistoryEvent, declared: Declared, name: str | None) -> Iterator[Payload]:
    """The payloads that hold declared values of an event, and a timer's summary, by which stages may be told."""
    field = event.WhichOneof("attributes")
    if field is None:
        return
    if event.event_type == TIMER_STARTED and event.user_metadata.HasField("summary"):
        yield event.user_metadata.summary
    for places in _places(event.event_type, getattr(event, field), declared, name):
        yield from (place.payload for place in places)


def _value(path: str, value: str | None, payload: Payload) -> Value:
    if value is None:
        return Value(clean(path), None, note=sealed(payload))
    return Value(clean(path), *cut(value))


@dataclass(frozen=True)
class Place:
    """A declared path, and the payload it leads into."""

    path: str
    payload: Payload
    steps: Sequence[str]

    def value(self) -> object:
        """What stands there; None where the payload cannot be read, MISSING where it has no such path."""
        return look_up(decode(self.payload), self.steps) if is_readable(self.payload) else None


def _places(event_type: int, attributes: Any, declared: Declared, name: str | None) -> Iterator[Iterator[Place]]:
    if not declared.paths:
        return
    if event_type in MEMOS and declared.has("memo"):
        yield _keyed(MEMOS[event_type](attributes), "memo", declared.of("memo", None))
    if event_type in HEADERS and declared.has("header"):
        yield _keyed(HEADERS[event_type](attributes), "header", declared.of("header", name))
    if event_type in BODIES:
        kind, find = BODIES[event_type]
        yield _in_body(find(attributes), declared.of(kind, name))


def _keyed(payloads: Mapping[str, Payload], root: str, paths: list[str]) -> Iterator[Place]:
    for path in paths:
        key = path.removeprefix(f"{root}.")
        outer, *steps = key.split(".")
        if key in payloads:
            yield Place(path, payloads[key], ())
        elif steps and outer in payloads:
            yield Place(path, payloads[outer], steps)


def _in_body(payloads: Payloads, paths: list[str]) -> Iterator[Place]:
    for path in paths:
        index, steps = place_in(path.split(".")[1:])
        if index < len(payloads.payloads):
            yield Place(path, payloads.payloads[index], steps)


TIMER_STARTED = 17
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
CARRYING = SEARCH_ATTRIBUTES | MEMOS.keys() | HEADERS.keys() | BODIES.keys()
