"""The stream file in words: where it is, what is wrong with it, whether it is what is in force. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from app.stream_files import FileOnDisk
from app.ui import wording
from app.ui.tables import Table, cell, column
from value_stream import Fault, Stream

# A region of its own that keys can scroll; numbers are drawn, so that copied text is the file's alone.
STYLE = """<style>
.sg-file {max-height:470px;overflow:auto;border:1px solid rgb(128 138 148/.25);border-radius:8px;padding:8px 0;
  counter-reset:line;font:12.5px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.sg-file:focus-visible {outline:2px solid currentColor}
.sg-file div {white-space:pre;width:max-content;min-width:100%;padding-right:12px;box-sizing:border-box}
.sg-file div::before {counter-increment:line;content:counter(line);display:inline-block;width:2.6em;
  margin-right:1.1em;text-align:right;opacity:.75}
.sg-file .sg-comment {font-style:italic}
.sg-file .sg-fault {background:light-dark(#FBE3E1,#4A1D1B);box-shadow:inset 3px 0 light-dark(#A3201F,#FF8A7A)}
</style>"""


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


def text(content: str, found: Sequence[Fault]) -> str:
    """The file as HTML, every character of it escaped; lines with a fault are marked."""
    faulty = {fault.line for fault in found}
    lines = "".join(
        f"<div{_kind(line, number in faulty)}>{escape(line) or ' '}</div>"
        for number, line in enumerate(content.splitlines(), 1)
    )
    return f'{STYLE}<div class="sg-file" role="region" tabindex="0" aria-label="Text of the stream file">{lines}</div>'


def _kind(line: str, is_faulty: bool) -> str:
    if is_faulty:
        return ' class="sg-fault"'
    return ' class="sg-comment"' if line.lstrip().startswith("#") else ""
