"""Histories in protobuf files: Temporal Cloud's export, plain or length-delimited, and bare histories. Streaming."""

import io
from collections.abc import Iterator
from typing import TypeVar

from google.protobuf.message import DecodeError
from temporalio.api.export.v1 import WorkflowExecution, WorkflowExecutions
from temporalio.api.history.v1 import History, HistoryEvent

# Field 1, length-delimited: how each item of an export, each history of an item and each event of a history begins.
FIRST_FIELD = 0x0A
EVENT_ID_FIELD = 0x08
LARGEST_MESSAGE = 256 * 1024 * 1024
Export = TypeVar("Export", WorkflowExecution, History)


class NotProtobuf(Exception):
    """The file is no export; the message says what is wrong with it."""


def protobuf_histories(stream: io.BufferedReader) -> Iterator[list[HistoryEvent]]:
    """The events of each history of an export file, one history in memory at a time.

    Knows WorkflowExecutions as one message, WorkflowExecution or WorkflowExecutions messages each behind its length,
    and a bare History. Raises NotProtobuf when the file is none of these or breaks off.
    """
    start = stream.peek(32)
    if start[:1] == bytes([FIRST_FIELD]) and _looks_like_items(start):
        yield from _tagged(stream)
    elif start[:1] == bytes([FIRST_FIELD]) and _looks_like_events(start):
        yield list(_parsed(stream.read(), History()).events)
    else:
        yield from _delimited(stream)


def _looks_like_items(start: bytes) -> bool:
    inner = _behind_length(start, 1)
    return start[inner : inner + 1] == bytes([FIRST_FIELD])


def _looks_like_events(start: bytes) -> bool:
    inner = _behind_length(start, 1)
    return start[inner : inner + 1] == bytes([EVENT_ID_FIELD])


def _behind_length(start: bytes, position: int) -> int:
    while position < len(start) and start[position] & 0x80:
        position += 1
    return position + 1


def _tagged(stream: io.BufferedReader) -> Iterator[list[HistoryEvent]]:
    while tag := stream.read(1):
        if tag[0] != FIRST_FIELD:
            raise NotProtobuf("It breaks off: what follows its last history is no history.")
        yield _events(_message(stream))


def _delimited(stream: io.BufferedReader) -> Iterator[list[HistoryEvent]]:
    is_export = False
    while stream.peek(1):
        try:
            body = _message(stream)
        except NotProtobuf as error:
            raise error if is_export else NotProtobuf("It is neither JSON nor an export in protobuf.") from error
        is_export = True
        whole = WorkflowExecutions()
        try:
            whole.ParseFromString(body)
        except DecodeError:
            whole.Clear()
        inner = [item for item in whole.items if item.HasField("history") and item.history.events]
        if inner and all(item.history.events[0].event_id for item in inner):
            yield from (list(item.history.events) for item in inner)
        else:
            yield _events(body)


def _events(body: bytes) -> list[HistoryEvent]:
    return list(_parsed(body, WorkflowExecution()).history.events)


def _parsed(body: bytes, message: Export) -> Export:
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise NotProtobuf(f"It is neither JSON nor an export in protobuf: {error}.") from error
    return message


def _message(stream: io.BufferedReader) -> bytes:
    length = shift = 0
    while True:
        byte = stream.read(1)
        if not byte or shift > 35:
            raise NotProtobuf("It is neither JSON nor an export in protobuf, or it breaks off.")
        length |= (byte[0] & 0x7F) << shift
        shift += 7
        if not byte[0] & 0x80:
            break
    if length > LARGEST_MESSAGE:
        raise NotProtobuf("It is neither JSON nor an export in protobuf.")
    body = stream.read(length)
    if len(body) < length:
        raise NotProtobuf("It breaks off in the middle of a history.")
    return body
