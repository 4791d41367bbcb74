"""Find histories in a JSON document, whatever it is wrapped in."""

from collections.abc import Iterator
from typing import Any

from google.protobuf import json_format
from temporalio.api.history.v1 import HistoryEvent

from connectors.files.json_shapes import proper


class NotAHistory(Exception):
    """The document holds no history; the message says what it holds instead."""


def event_lists(document: Any) -> Iterator[tuple[str, list[Any], dict[str, Any]]]:
    """Place within the document, events and what stands around them, of each history that `document` holds.

    Knows a bare array of events, {"events"}, {"history": ...}, {"items": [{"history"}]}, and arrays of any of these.
    Raises NotAHistory for anything else.
    """
    if isinstance(document, dict):
        yield from _in_object(document)
    elif isinstance(document, list) and document and all(is_event(one) for one in document):
        yield "", document, {}
    elif isinstance(document, list) and document:
        for index, one in enumerate(document):
            for place, events, around in event_lists(one):
                yield f"[{index}]{place}", events, around
    else:
        raise NotAHistory("It holds no events.")


def _in_object(document: dict[str, Any]) -> Iterator[tuple[str, list[Any], dict[str, Any]]]:
    for key in ("history", "items", "executions"):
        if isinstance(document.get(key), dict | list):
            for place, events, around in event_lists(document[key]):
                yield f".{key}{place}", events, {**document, **around}
            return
    inside: Any = document.get("events")
    if isinstance(inside, list) and inside and all(is_event(one) for one in inside):
        yield ".events", inside, document
        return
    keys = ", ".join(sorted(map(str, document))[:6]) or "nothing"
    raise NotAHistory(f"It is no history: an object with {keys}.")


def is_event(value: Any) -> bool:
    """Whether a JSON value looks like an event of a history."""
    return isinstance(value, dict) and bool({"eventId", "event_id"} & value.keys()) and _says_type(value)


def _says_type(value: dict[str, Any]) -> bool:
    return bool({"eventType", "event_type"} & value.keys())


def event_from(value: dict[str, Any]) -> HistoryEvent:
    """One event. Raises ValueError when it cannot be read as one."""
    try:
        message: HistoryEvent = json_format.ParseDict(
            proper(_attributes_in_place(value), HistoryEvent.DESCRIPTOR), HistoryEvent(), ignore_unknown_fields=True
        )
    except json_format.ParseError as error:
        raise ValueError(str(error)) from error
    if not message.event_id or not message.event_type:
        raise ValueError("it has no event id or no event type")
    return message


def _attributes_in_place(value: dict[str, Any]) -> dict[str, Any]:
    # Web UIs put them under one name and say beside them which they are.
    attributes = value.get("attributes")
    if not isinstance(attributes, dict):
        return value
    kind = attributes.get("type") or value.get("attributesType")
    if isinstance(kind, str) and HistoryEvent.DESCRIPTOR.fields_by_camelcase_name.get(kind):
        return {**value, kind: attributes}
    return value
