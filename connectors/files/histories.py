"""Histories in one file: protobuf or JSON, compressed or not, one or many."""

import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

from temporalio.api.history.v1 import HistoryEvent

from connectors.files.json_histories import NotAHistory, event_from, event_lists
from connectors.files.protobuf import NotProtobuf, protobuf_histories

# A JSON document is read whole; protobuf files and lines of JSON are not.
LARGEST_DOCUMENT = 512 * 1024 * 1024


@dataclass(frozen=True)
class FoundHistory:
    """One history: where it was found, its events in order, and the ids that stood beside it, if any did."""

    place: str
    events: list[HistoryEvent]
    workflow_id: str | None = None
    run_id: str | None = None


@dataclass(frozen=True)
class FileFault:
    """A file, or a part of one, that could not be read: where, and why, in one sentence."""

    place: str
    problem: str


def histories_in(path: Path) -> Iterator[FoundHistory | FileFault]:
    """Every history of a file, and every part that is none. Raises nothing for what a file can hold."""
    try:
        with path.open("rb") as raw:
            yield from _in_stream(raw, str(path))
    except OSError as error:
        yield FileFault(str(path), f"It could not be read: {error.strerror or error}.")


def _in_stream(raw: BinaryIO, place: str) -> Iterator[FoundHistory | FileFault]:
    head = raw.read(2)
    raw.seek(0)
    unpacked: Any = gzip.GzipFile(fileobj=raw) if head == b"\x1f\x8b" else raw
    stream: io.BufferedReader = io.BufferedReader(unpacked)
    try:
        first = stream.peek(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if not first:
            yield FileFault(place, "It is empty.")
        elif first in (b"{", b"["):
            yield from _in_json(stream, place)
        else:
            yield from _in_protobuf(stream, place)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield FileFault(place, f"Its compression is damaged: {error}.")
    finally:
        stream.detach()


def _in_protobuf(stream: io.BufferedReader, place: str) -> Iterator[FoundHistory | FileFault]:
    try:
        for index, events in enumerate(protobuf_histories(stream)):
            yield _checked(f"{place}[{index}]", events, {})
    except NotProtobuf as error:
        yield FileFault(place, str(error))


def _in_json(stream: io.BufferedReader, place: str) -> Iterator[FoundHistory | FileFault]:
    text = stream.read(LARGEST_DOCUMENT + 1)
    if len(text) > LARGEST_DOCUMENT:
        yield FileFault(place, "It is one JSON document of more than 512 MiB. Split it, one history a line.")
        return
    try:
        yield from _in_document(json.loads(text), place)
    except UnicodeDecodeError:
        yield FileFault(place, "It is neither JSON in UTF-8 nor an export in protobuf.")
    except (ValueError, RecursionError) as error:
        yield from _in_lines(text, place, error)


def _in_lines(text: bytes, place: str, error: Exception) -> Iterator[FoundHistory | FileFault]:
    """One document a line; `error` says why the whole is no document, for when the first line is none either."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
        except (ValueError, RecursionError) as wrong:
            if number == 1:
                yield FileFault(place, f"It is no JSON: {error}.")
                return
            yield FileFault(f"{place}:{number}", f"It is no JSON: {wrong}.")
            continue
        yield from _in_document(document, f"{place}:{number}")


def _in_document(document: Any, place: str) -> Iterator[FoundHistory | FileFault]:
    try:
        for inner, events, around in event_lists(document):
            yield _from_json(f"{place}{inner}", events, around)
    except NotAHistory as error:
        yield FileFault(place, str(error))


def _from_json(place: str, values: list[Any], around: dict[str, Any]) -> FoundHistory | FileFault:
    events: list[HistoryEvent] = []
    for index, value in enumerate(values):
        try:
            events.append(event_from(value))
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            return FileFault(f"{place}[{index}]", f"It is no event: {str(error)[:300]}.")
    return _checked(place, events, around)


def _checked(place: str, events: Iterable[HistoryEvent], around: dict[str, Any]) -> FoundHistory | FileFault:
    ordered = sorted({event.event_id: event for event in events}.values(), key=lambda event: event.event_id)
    if not ordered or ordered[0].event_type != 1 or ordered[0].event_id != 1:
        first = ordered[0].event_id if ordered else "none"
        return FileFault(place, f"It does not begin with WorkflowExecutionStarted as event 1 (its first: {first}).")
    for before, after in pairwise(ordered):
        if after.event_id != before.event_id + 1:
            return FileFault(place, f"Events are missing between {before.event_id} and {after.event_id}.")
    return FoundHistory(place, ordered, _text(around, "workflowId", "workflow_id"), _text(around, "runId", "run_id"))


def _text(around: dict[str, Any], *keys: str) -> str | None:
    places = [around, *(around[key] for key in ("workflowExecution", "execution") if isinstance(around.get(key), dict))]
    return next(
        (place[key] for place in places for key in keys if isinstance(place.get(key), str) and place[key]), None
    )
