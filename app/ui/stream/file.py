"""The stream file in words: where it is, what is wrong with it, whether it is what is in force. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.stream_files import FileOnDisk
from app.ui import wording
from app.ui.tables import Table, cell, column
from value_stream import Fault, Stream


@dataclass(frozen=True)
class Standing:
    """How a file on disk stands to what is in force. kind: same | differs | faulty | gone. Plain text."""

    kind: str
    title: str
    words: str


def standing(file: FileOnDisk | None, in_force: Stream) -> Standing:
    """What must be known before reading the file beside the picture."""
    if file is None:
        return Standing(
            "gone",
            f"No file says stream = {in_force.stream!r} any more",
            "What was read at the start stays in force until Streamgauge starts again.",
        )
    if file.faults:
        return Standing(
            "faulty",
            f"{wording.plural(len(file.faults), 'fault')} in the file as it is now",
            "What was read at the start stays in force. Streamgauge would not start with this file.",
        )
    if file.differs(in_force):
        return Standing(
            "differs",
            "The file was changed since the start",
            "What was read at the start is in force: the picture and every figure stand on that. Start Streamgauge"
            " again to bring the file into force.",
        )
    return Standing("same", "In force", "The file means what is in force.")


def faults(found: Sequence[Fault]) -> Table:
    """Each fault with its place; by line."""
    columns = [
        column("line", "Line", "number") | {"isHead": True},
        column("place", "Where"),
        column("problem", "What is wrong", "long"),
    ]
    lines = [
        {
            "cells": [
                cell(wording.count(fault.line), sort=fault.line or 0),
                cell(fault.place or "the file"),
                cell(fault.problem + (f" (got {fault.got})" if fault.got is not None else ""), tone="bad"),
            ]
        }
        for fault in found
    ]
    return {"caption": "Faults of the stream file", "columns": columns, "rows": lines, "more": ""}
