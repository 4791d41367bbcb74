"""Read JSON piece by piece: the documents of a file, long lists element by element, nothing whole but one of these."""

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

PORTION = 1024 * 1024
# One history in JSON: Temporal ends a run at 50 MiB, and JSON takes a multiple of it.
LARGEST_VALUE = 256 * 1024 * 1024
# Of a list under one of these names each element stands for itself.
LISTS = frozenset({"items", "executions"})
SPACE = " \t\r\n"


class NotJson(Exception):
    """The text is no JSON; the message says why. `line` is where the document began that is none."""

    def __init__(self, problem: str, line: int = 1) -> None:
        super().__init__(problem)
        self.line = line


@dataclass(frozen=True)
class Piece:
    """A value that stands for itself, and where: `line` counts from 1, `place` is its place in the document there.

    is_element: it is an element of the list that is the whole document, which may be one history of many events.
    """

    value: Any
    place: str
    line: int
    is_element: bool = False


def pieces(raw: BinaryIO, encoding: str = "utf-8-sig") -> Iterator[Piece | NotJson]:
    """Every piece of a file: of one document, or of many, one a line or one after the other.

    What is no JSON ends it, unless documents come one a line: then that line is given as NotJson, and the next is read.
    Raises NotJson, and UnicodeDecodeError for what is not in this encoding.
    """
    text = _Text(raw, encoding)
    while text.skip_space():
        line = text.line
        yield from _document(text)
        if text.line == line and text.ends_line():
            yield from _lines(text)


def _lines(text: "_Text") -> Iterator[Piece | NotJson]:
    while (found := text.rest_of_line()) is not None:
        line, content = found
        if not content.strip():
            continue
        try:
            yield Piece(json.loads(content), "", line)
        except (ValueError, RecursionError) as error:
            yield NotJson(str(error), line)


def _document(text: "_Text") -> Iterator[Piece]:
    if text.next() == "[":
        yield from _elements(text, "", is_whole=True)
    elif text.next() == "{":
        yield from _object(text)
    else:
        line = text.line
        yield Piece(text.value(), "", line)


def _elements(text: "_Text", place: str, *, is_whole: bool) -> Iterator[Piece]:
    text.take("[")
    index = 0
    while text.next() != "]":
        if index:
            text.take(",")
        text.skip_space()
        line = text.line
        yield Piece(text.value(), f"{place}[{index}]", line, is_element=is_whole)
        index += 1
    text.take("]")


def _object(text: "_Text") -> Iterator[Piece]:
    """The object as one piece, or the elements of the list in it that holds many."""
    line, is_listed = text.line, False
    found: dict[str, Any] = {}
    text.take("{")
    while text.next() != "}":
        if found or is_listed:
            text.take(",")
        text.skip_space()
        key = text.value()
        text.take(":")
        if key in LISTS and text.next() == "[":
            is_listed = True
            yield from _elements(text, f".{key}", is_whole=False)
        else:
            text.skip_space()
            found[key] = text.value()
    text.take("}")
    if not is_listed:
        yield Piece(found, "", line)


class _Text:
    """The text that was not read yet, as much of it as is needed."""

    def __init__(self, raw: BinaryIO, encoding: str) -> None:
        self.line = 1
        self._raw = raw
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._json = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._is_over = False

    def skip_space(self) -> bool:
        """Go on to what is no white space; False at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in SPACE:
                self.line += self._text[self._at] == "\n"
                self._at += 1
            if self._at < len(self._text):
                return True
            if not self._read_more():
                return False

    def next(self) -> str:
        """The next character that is no white space; empty at the end."""
        return self._text[self._at] if self.skip_space() else ""

    def take(self, wanted: str) -> None:
        """Go past this character. Raises NotJson where another stands."""
        if self.next() != wanted:
            raise NotJson(f"expected {wanted!r} on line {self.line}, found {self.next()!r}", self.line)
        self._at += 1

    def value(self) -> Any:
        """The value that begins here. Raises NotJson where none does, or one larger than any history."""
        while True:
            try:
                found, end = self._json.raw_decode(self._text, self._at)
                if end < len(self._text) or not self._read_more():
                    self.line += self._text.count("\n", self._at, end)
                    self._at = end
                    return found
            except RecursionError as error:
                raise NotJson(str(error), self.line) from error
            except ValueError as error:
                if len(self._text) - self._at > LARGEST_VALUE:
                    raise NotJson(f"{error}, or one value of more than {LARGEST_VALUE >> 20} MiB", self.line) from error
                if not self._read_more():
                    raise NotJson(str(error), self.line) from error

    def ends_line(self) -> bool:
        """Whether nothing but white space stands between here and the end of the line."""
        start = self._at
        while True:
            rest = self._text[start:].partition("\n")
            if rest[0].strip(SPACE):
                return False
            if rest[1] or not self._read_more():
                return True
            start = self._at

    def rest_of_line(self) -> tuple[int, str] | None:
        """The number of this line and what is left of it; None at the end."""
        while (end := self._text.find("\n", self._at)) < 0:
            if len(self._text) - self._at > LARGEST_VALUE:
                raise NotJson(f"one line of more than {LARGEST_VALUE >> 20} MiB", self.line)
            if not self._read_more():
                if self._at == len(self._text):
                    return None
                end = len(self._text)
                break
        found = (self.line, self._text[self._at : end])
        self._at, self.line = min(end + 1, len(self._text)), self.line + 1
        return found

    def _read_more(self) -> bool:
        """Read on, each time as much as is held, so that a long value is not begun too often; False at the end."""
        if self._is_over:
            return False
        self._text, self._at = self._text[self._at :], 0
        portion = self._raw.read(max(PORTION, len(self._text)))
        self._is_over = not portion
        self._text += self._decoder.decode(portion, final=self._is_over)
        return True
