"""The organisation's own words: value streams as files, checked, and turned into plain rule rows."""

from value_stream.decision import Decision, StreamException
from value_stream.declared import DeclaredPath, declared_paths
from value_stream.durations import format_duration, parse_duration
from value_stream.faults import Fault, StreamFileError
from value_stream.files import load, load_all
from value_stream.item import Item, Move, Rows, System, Value
from value_stream.nudge import VERBS, Nudge, Verb
from value_stream.stream import Stage, Stream
from value_stream.tables import rule_rows, stream_versions

__all__ = [
    "VERBS",
    "Decision",
    "DeclaredPath",
    "Fault",
    "Item",
    "Move",
    "Nudge",
    "Rows",
    "Stage",
    "Stream",
    "StreamException",
    "StreamFileError",
    "System",
    "Value",
    "Verb",
    "declared_paths",
    "format_duration",
    "load",
    "load_all",
    "parse_duration",
    "rule_rows",
    "stream_versions",
]
