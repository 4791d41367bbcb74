"""Stream files as they are on disk now, beside the streams that are in force since the service started."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import value_stream
from app.config import Config, stream_files
from value_stream import Fault, Stream, StreamFileError

# Good enough to find a faulty file's stream, which TOML itself may not be able to say.
NAMED = re.compile(r"""^\s*stream\s*=\s*["']([^"'\n]+)["']""", re.MULTILINE)
LONGEST = 200_000  # Characters; a stream that a person can read aloud has a few thousand.


@dataclass(frozen=True)
class FileOnDisk:
    """One stream file. text: what is in it, cut at LONGEST, empty where it cannot be read. stream: None with faults."""

    path: Path
    text: str
    faults: tuple[Fault, ...] = ()
    stream: Stream | None = None

    @property
    def name(self) -> str | None:
        """The stream that it says it is, faults or not; None where it does not say."""
        if self.stream is not None:
            return self.stream.stream
        found = NAMED.search(self.text)
        return found[1] if found else None

    def differs(self, in_force: Stream) -> bool:
        """Whether it means something else than what is in force; comments and order of tables' keys mean nothing."""
        return self.stream != in_force


def on_disk(config: Config) -> tuple[FileOnDisk, ...]:
    """All stream files that the config names, read now. Raises ConfigError where one that it names is not there."""
    return read_all(stream_files(config))


def read_all(paths: Iterable[Path]) -> tuple[FileOnDisk, ...]:
    """The files, each with its own faults; that two of them name one stream is a fault of the second."""
    paths = tuple(paths)
    try:
        value_stream.load_all(paths)
        faults: Sequence[Fault] = ()
    except StreamFileError as error:
        faults = error.faults
    return tuple(_read(path, tuple(fault for fault in faults if fault.file == str(path))) for path in paths)


def _read(path: Path, faults: tuple[Fault, ...]) -> FileOnDisk:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")[:LONGEST]
    except OSError:
        text = ""
    if faults:
        return FileOnDisk(path, text, faults)
    try:
        return FileOnDisk(path, text, stream=value_stream.load(path))
    except StreamFileError as error:  # It was written to between the two readings.
        return FileOnDisk(path, text, error.faults)


def of_stream(files: Sequence[FileOnDisk], stream: Stream) -> FileOnDisk | None:
    """The file of a stream in force; None where it is gone, or says another name now."""
    return next((each for each in files if each.name == stream.stream), None)


def others(files: Sequence[FileOnDisk], streams: Sequence[Stream]) -> list[FileOnDisk]:
    """Files of no stream in force: new since the start, renamed, or not to be read."""
    names = {stream.stream for stream in streams}
    return [each for each in files if each.name not in names]
