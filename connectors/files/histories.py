"""Histories in one file: protobuf or JSON, compressed or not, one or many."""

import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

from temporalio.api.history.v1 import HistoryEvent

from connectors.files.json_histories import NotAHistory, event_from, event_lists, is_event
from connectors.files.json_stream import NotJson, Piece, pieces
from connectors.files.protobuf import NotProtobuf, protobuf_histories

HEAD = 64
GZIP, XZ = b"\x1f\x8b", b"\xfd7zXZ\x00"


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
    stream: io.BufferedReader = io.BufferedReader(_unpacked(raw))
    try:
        start = stream.peek(HEAD)[:HEAD]
        if not start.strip():
            yield FileFault(place, "It is empty.")
        elif encoding := _json_encoding(start):
            yield from _in_json(stream, encoding, place)
        else:
            yield from _in_protobuf(stream, place)
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError) as error:
        yield FileFault(place, f"Its compression is damaged: {error}.")
    finally:
        stream.detach()


def _json_encoding(start: bytes) -> str | None:
    """How the JSON that begins so is encoded; None for what is no JSON: protobuf has control characters early on."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"  # What a shell of Windows writes.
    text = start.removeprefix(codecs.BOM_UTF8).lstrip()
    is_text = not any(byte < 0x20 and byte not in b"\t\r\n" for byte in start)
    return "utf-8-sig" if is_text and text[:1] in (b"{", b"[", b"") else None


def _unpacked(raw: BinaryIO) -> Any:
    head = raw.read(len(XZ))
    raw.seek(0)
    if head.startswith(GZIP):
        return gzip.GzipFile(fileobj=raw)
    return lzma.LZMAFile(raw) if head == XZ else raw


def _in_protobuf(stream: io.BufferedReader, place: str) -> Iterator[FoundHistory | FileFault]:
    try:
        for index, events in enumerate(protobuf_histories(stream)):
            yield _checked(f"{place}[{index}]", events, {})
    except NotProtobuf as error:
        yield FileFault(place, str(error))


def _in_json(stream: io.BufferedReader, encoding: str, place: str) -> Iterator[FoundHistory | FileFault]:
    try:
        yield from _in_pieces(pieces(stream, encoding), place)
    except UnicodeDecodeError:
        yield FileFault(place, "It is neither JSON in UTF-8 nor an export in protobuf.")
    except NotJson as error:
        yield FileFault(_at_line(place, error.line), f"It is no JSON: {error}.")


def _in_pieces(found: Iterable[Piece | NotJson], place: str) -> Iterator[FoundHistory | FileFault]:
    listed: list[Any] = []  # The events so far of a document that is a bare list of them.
    for piece in found:
        here = _at_line(place, piece.line)
        if listed and (isinstance(piece, NotJson) or not piece.is_element or piece.place == "[0]"):
            yield _from_json(place, listed, {})
            listed = []
        if isinstance(piece, NotJson):
            yield FileFault(here, f"It is no JSON: {piece}.")
        elif piece.is_element and is_event(piece.value):
            listed.append(piece.value)
        else:
            yield from _in_document(piece.value, f"{place if piece.place else here}{piece.place}")
    if listed:
        yield _from_json(place, listed, {})


def _at_line(place: str, line: int) -> str:
    return place if line == 1 else f"{place}:{line}"


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
