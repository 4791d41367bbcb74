"""What all parts of a stream file share: frozen, no unknown keys, and the kinds of text they hold."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError


class Part(BaseModel):
    """A table of a stream file: frozen, and an unknown key is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def as_text(value: object) -> str:
    """A scalar of a stream file as histories and rows hold it: true is `true`, 3 is `3`, text is itself."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise PydanticCustomError("scalar", "write text, a number, true or false")


def titled_by_name(what: str) -> Any:
    """A field for a title that is made from the name where there is none: `ask-again` becomes `Ask again`."""
    return Field(
        default_factory=lambda data: _titled(str(data.get("name") or data.get("stream") or "")),
        description=f"{what}; by default made from the name.",
    )


def _titled(name: str) -> str:
    words = name.replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


def named_once(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names as they are; raises where one is there twice."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PydanticCustomError("twice", "named twice: {names}", {"names": ", ".join(twice)})
    return names


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("words", "write one line without control characters")
    return text


def _checked_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise PydanticCustomError("name", "not a name; use letters, digits, `_`, `-` and `.`, and put words in `title`")
    return name


NAME = re.compile(r"\w[\w.-]*")
Name = Annotated[
    str, Field(max_length=100, json_schema_extra={"pattern": f"^{NAME.pattern}$"}), AfterValidator(_checked_name)
]
"""How things of a stream file name each other: letters, digits, `_`, `-`, `.`; titles are for people."""
Words = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
"""One line of text."""
External = Annotated[str, Field(min_length=1, max_length=1000)]
"""A name that somebody else gave, matched exactly: an activity type, a signal, a table's column."""
Scalar = Annotated[
    str,
    BeforeValidator(as_text),
    Field(max_length=1000),
    WithJsonSchema({"type": ["string", "number", "boolean"]}),
]
"""A value as text, however it is written in the file."""
