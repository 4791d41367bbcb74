"""Faults of a stream file: what is wrong, and exactly where."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Mismatch:
    """A fault between parts of a stream: each is right by itself, together they are not."""

    place: Place
    problem: str
    value: object = None


class StreamFileError(Exception):
    """Stream files that cannot be used: every fault of every file, each with its place."""

    def __init__(self, faults: Iterable["Fault"]) -> None:
        self.faults = tuple(faults)
        by_file: dict[str, list[Fault]] = {}
        for fault in self.faults:
            by_file.setdefault(fault.file, []).append(fault)
        super().__init__("\n".join(_of_file(file, faults) for file, faults in by_file.items()))


@dataclass(frozen=True)
class Fault:
    """One fault of a file: `place` is a dotted path (`stages.2.target`), empty for the file as a whole."""

    file: str
    place: str
    problem: str
    got: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        notes = [f"got {self.got}"] if self.got is not None else []
        notes += [f"line {self.line}"] if self.line is not None else []
        return f"{where}{self.problem}" + (f" ({', '.join(notes)})" if notes else "")


def _of_file(file: str, faults: list[Fault]) -> str:
    heading = f"{file}: {len(faults)} problem{'s' if len(faults) > 1 else ''}"
    return "\n".join([heading, *(f"  {fault}" for fault in faults)])


def joined(title: str, error: ValidationError | None, mismatches: list[Mismatch]) -> ValidationError:
    """One error with the faults of the single parts and those between parts."""
    lines = error.errors(include_url=False, include_context=False) if error else []
    places = [line["loc"] for line in lines]
    details = [
        _detail(line["type"], line["msg"], line["loc"], line["input"]) for line in lines if not _is_echo(line, places)
    ]
    details += [_detail("mismatch", each.problem, each.place, each.value) for each in mismatches]
    return ValidationError.from_exception_data(title, details)


def _is_echo(line: ErrorDetails, places: list[Place]) -> bool:
    """Whether a fault only follows from another: a title without a name to make it from, a list of faulty parts."""
    place = line["loc"]
    if line["type"] == "too_short":
        return any(len(other) > len(place) and other[: len(place)] == place for other in places)
    return line["type"] == "default_factory_not_called"


def _detail(kind: str, problem: str, place: Place, value: object) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError(kind, "{problem}", {"problem": problem}), loc=place, input=value)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'approval'?`, or nothing when no known name is near."""
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
