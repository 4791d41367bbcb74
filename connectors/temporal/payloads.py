"""Read values out of payloads: only what was asked for, never more, and never by running anybody's code."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from temporalio.api.common.v1 import Payload, Payloads

LONGEST_BYTES = 1024
READABLE = frozenset({b"json/plain", b"json/protobuf"})
# Half a surrogate pair is legal in JSON and in Python, but is no UTF-8; NUL is UTF-8, but ends strings elsewhere.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT = "\ufffd"


class _Missing:
    """The type of MISSING."""


MISSING = _Missing()
"""Said of a path that a payload does not have; a null that is there is None."""


def clean(text: str) -> str:
    """The text with what no database stores (NUL, half surrogates) replaced by U+FFFD."""
    if text.isascii() and "\0" not in text:  # Nearly all of it is, and looking costs next to nothing.
        return text
    return UNSTORABLE.sub(REPLACEMENT, text)


def cut(text: str) -> tuple[str, bool]:
    """The cleaned text, at most 1 kB of UTF-8, and whether something was cut off."""
    encoded = clean(text).encode()
    if len(encoded) <= LONGEST_BYTES:
        return encoded.decode(), False
    return encoded[:LONGEST_BYTES].decode(errors="ignore"), True


def decode(payload: Payload) -> object:
    """What a payload holds, as plain JSON values; None where it cannot be read (binary, encrypted, broken, null).

    Reads json/plain and json/protobuf. Anything else is not guessed at.
    """
    if payload.metadata.get("encoding") not in READABLE:
        return None
    try:
        return json.loads(payload.data)
    except (ValueError, RecursionError):  # broken text, an integer of thousands of digits, absurd nesting
        return None


def is_readable(payload: Payload) -> bool:
    """Whether `decode` can say what the payload holds; binary/null counts as readable, it is null."""
    return payload.metadata.get("encoding") in READABLE or payload.metadata.get("encoding") == b"binary/null"


def as_text(value: object) -> str | None:
    """A decoded value as kept: text as it is, other scalars and everything else as JSON text, None for null."""
    if value is None or isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:  # as deep as could just be read
        return None


def look_up(value: object, steps: Sequence[str]) -> object:
    """What stands at a path inside a decoded value; MISSING where there is nothing. Numbers index lists."""
    for step in steps:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
    return value


def argument(payloads: Payloads, steps: Sequence[str]) -> object:
    """What stands at `[n].a.b` in a list of arguments; n is 0 where the first step is no number.

    None where the argument cannot be read, MISSING where it is not there.
    """
    index, rest = place_in(steps)
    if index >= len(payloads.payloads):
        return MISSING
    payload = payloads.payloads[index]
    return look_up(decode(payload), rest) if is_readable(payload) else None


def place_in(steps: Sequence[str]) -> tuple[int, Sequence[str]]:
    """Which argument `[n].a.b` leads into, 0 where the first step is no number; and the steps inside it."""
    return (int(steps[0]), steps[1:]) if steps and steps[0].isdecimal() else (0, steps)


def sealed(payload: Payload | None) -> str | None:
    """What can be said of a payload that cannot be read: its encoding and its size; None for one that can."""
    if payload is None or is_readable(payload):
        return None
    encoding = cut(payload.metadata.get("encoding", b"").decode(errors="replace"))[0] or "no encoding"
    return f"{encoding}, {len(payload.data)} bytes"


def search_attribute(payload: Payload) -> str | None:
    """The value of a search attribute: a list of one is unwrapped; unset (null or an empty list) is None."""
    value = decode(payload)
    if isinstance(value, list) and len(value) <= 1:
        value = value[0] if value else None
    return as_text(value)


def summary(payload: Payload) -> str | None:
    """The text of a user-metadata payload; None where there is none or it is encoded."""
    value = decode(payload)
    return cut(value)[0] if isinstance(value, str) and value else None


def fields(payloads: Mapping[str, Payload], prefix: str) -> Iterator[tuple[str, Payload]]:
    """The fields of a memo, a header or search attributes with their paths, in the order of their names."""
    for key in sorted(payloads):
        yield f"{prefix}.{key}", payloads[key]
