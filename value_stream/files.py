"""Reads stream files: TOML into a Stream, or every fault of every file in one error."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from value_stream.faults import Fault, StreamFileError, did_you_mean
from value_stream.lines import line_of
from value_stream.stream import Stream

LARGEST_BYTES = 1_000_000  # a stream that a person can read aloud has a few kilobytes
LONGEST_SHOWN = 60
LINE = re.compile(r" \(at line (\d+), column \d+\)$")


def load(path: Path) -> Stream:
    """The stream of one `*.stream.toml`. Raises StreamFileError with all its faults."""
    return load_all([path])[0]


def load_all(paths: Iterable[Path]) -> tuple[Stream, ...]:
    """The streams of the files, in the order of their names; none for no file.

    Raises StreamFileError with all faults of all files, two files that name one stream included. A workflow type may
    belong to several streams.
    """
    streams: dict[str, tuple[str, Stream]] = {}
    faults: list[Fault] = []
    for path in dict.fromkeys(Path(path) for path in paths):
        try:
            stream = _read(path)
        except StreamFileError as error:
            faults += error.faults
            continue
        if stream.stream in streams:
            taken = f"the stream of this name is already in {streams[stream.stream][0]}"
            faults.append(Fault(str(path), "stream", taken, repr(stream.stream)))
        streams.setdefault(stream.stream, (str(path), stream))
    if faults:
        raise StreamFileError(faults)
    return tuple(streams[name][1] for name in sorted(streams))


def _read(path: Path) -> Stream:
    text = _text_of(path)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = LINE.search(str(error))
        problem = f"not TOML: {LINE.sub('', str(error))}"
        raise StreamFileError([Fault(str(path), "", problem, line=int(line[1]) if line else None)]) from None
    except RecursionError:
        raise StreamFileError([Fault(str(path), "", "not a stream file: nested too deeply")]) from None
    try:
        return Stream.model_validate(content)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        raise StreamFileError(sorted((_fault(path, text, each) for each in details), key=_by_line)) from None


def _text_of(path: Path) -> str:
    problem = f"no file: {path} does not exist"
    try:
        if path.is_file() and path.stat().st_size > LARGEST_BYTES:
            problem = f"not a stream file: larger than {LARGEST_BYTES:,} bytes"
        elif path.exists() and not path.is_file():
            problem = "not a file"
        else:
            return path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except FileNotFoundError:
        pass
    except UnicodeDecodeError as error:
        problem = f"not UTF-8 text: {error}"
    except (OSError, ValueError) as error:
        problem = f"cannot be read: {getattr(error, 'strerror', None) or error}"
    raise StreamFileError([Fault(str(path), "", problem)]) from None


def _by_line(fault: Fault) -> tuple[int, int]:
    return (0, fault.line) if fault.line is not None else (1, 0)


def _fault(path: Path, text: str, error: ErrorDetails) -> Fault:
    place = error["loc"]
    problem, value = error["msg"], error["input"]
    is_shown = isinstance(value, str | int | float) and error["type"] not in ("missing", "extra_forbidden")
    if error["type"] == "missing":
        problem = "required, but not there"
    elif error["type"] == "extra_forbidden":
        problem = _unknown_key(place)
    elif error["type"] == "too_short":
        problem = "at least one is needed"
    return Fault(
        file=str(path),
        place=".".join(map(str, place)),
        problem=problem.removeprefix("Value error, "),
        got=_shown(value) if is_shown else None,
        line=line_of(text, place),
    )


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[: LONGEST_SHOWN - 4]}...{shown[-1]}"


def _unknown_key(place: tuple[str | int, ...]) -> str:
    key = str(place[-1])
    if key == "calendar":
        return "reserved for working hours, which are not counted yet; durations are elapsed time (1d = 24h)"
    model = _model_at(place[:-1])
    known = [field.alias or name for name, field in model.model_fields.items()] if model else []
    return f"unknown key{did_you_mean(key, known)}"


def _model_at(place: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The model of the table at a place of a stream file."""
    model: type[BaseModel] | None = Stream
    for step in place:
        if isinstance(step, str):
            fields = {field.alias or name: field for name, field in model.model_fields.items()} if model else {}
            model = _model_in(fields[step].annotation) if step in fields else None
    return model


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for argument in get_args(annotation) if (model := _model_in(argument))), None)
