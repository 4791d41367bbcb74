"""The particulars of a nudge as they are written on the command line."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from actions.order import CHANGES
from app.answers import instant, pair
from app.errors import AskError
from app.nudge_ask import NudgeAsk
from value_stream.durations import parse_duration

POINTS = ("first_task", "last_task", "before_activity")


@dataclass(frozen=True)
class Words:
    """All text, checked when it is understood."""

    message: str | None = None
    arguments: tuple[str, ...] = ()
    activity: str | None = None
    to: str | None = None
    leave_out: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()


def ask_of(what: str, stream: str | None, where: Iterable[str], items: str | None, words: Words) -> NudgeAsk:
    """The nudge that is meant. Raises AskError for text that says nothing we understand."""
    return NudgeAsk(
        what=what,
        stream=stream,
        where=tuple(pair(text) for text in where),
        items=tuple(name.strip() for name in (items or "").split(",") if name.strip()),
        particulars=_particulars(words),
    )


def _particulars(words: Words) -> dict[str, Any]:
    told: dict[str, Any] = {"name": words.message, "activity": words.activity, "leave_out": list(words.leave_out)}
    told["arguments"] = [_json(text) for text in words.arguments]
    if words.to is not None:
        told |= {"point": words.to} if words.to in POINTS else {"point": "at", "at": instant(words.to).isoformat()}
    for text in words.changes:
        told |= _change(*pair(text))
    return {key: value for key, value in told.items() if value not in (None, [])}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise AskError(f"--argument {text!r} is no JSON. Text needs quotes of its own.") from None


def _change(key: str, value: str) -> dict[str, Any]:
    if f"{key}_seconds" in CHANGES:
        try:
            return {f"{key}_seconds": parse_duration(value) / 1e6}
        except ValueError as error:
            raise AskError(f"--change {key}={value}: {error}.") from None
    if key == "attempts" and value.isdecimal():
        return {"attempts": int(value)}
    if key == "queue":
        return {"queue": value}
    known = ", ".join(name.removesuffix("_seconds") for name in CHANGES)
    raise AskError(f"--change {key}={value} is none of {known}.")
