"""What must be said before a nudge can be planned: the fields of a declared message, or a verb's particulars."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from actions.actor import Actor
from actions.errors import ActionError
from actions.order import instant_words
from app.answers import instant
from app.errors import AskError
from app.nudge_offers import Offer, argument_object, missing
from app.ui import wording
from app.ui.viewer import zone
from value_stream.nudge import Argument

KINDS = ("text", "number", "yes or no", "JSON")
POINTS = {
    "last_task": "The last worker turn",
    "first_task": "The first worker turn",
    "before_activity": "Before an activity",
    "at": "An instant",
}
MOST_ARGUMENTS = 5
INSTANT = "Such as 2026-11-22T14:30:05Z, or 2026-11-22T15:30:05+01:00; UTC where no zone is given."
SECONDS = {
    "start_to_close_seconds": "One attempt may take",
    "schedule_to_close_seconds": "All attempts may take",
    "heartbeat_seconds": "May be silent for",
}


def particulars(offer: Offer, actor: Actor, messages: Sequence[str]) -> dict[str, Any]:
    """Draw the fields of an offer; what they say. `messages` are the names that the workflow itself declares.

    Raises ActionError for a field that must be filled in, or holds something else than it should.
    """
    if offer.is_declared:
        return _declared(offer, actor)
    if offer.verb in ("signal", "update"):
        return _message(offer, messages)
    if offer.verb == "reset":
        return _reset()
    if offer.verb == "activity_options":
        return _options()
    return {}


def _declared(offer: Offer, actor: Actor) -> dict[str, Any]:
    if not offer.arguments:
        return {}
    filled = {each.name: _field(each, actor) for each in offer.arguments}
    if (title := missing(offer.arguments, filled)) is not None:
        raise ActionError(f"Fill in: {title}.")
    return {"arguments": [argument_object(offer.arguments, filled)]}


def _field(argument: Argument, actor: Actor) -> Any:
    title, key = wording.plain(argument.title), f"nudge.field.{argument.name}"
    first = (argument.value or "").replace("{user}", actor.user or "")
    if argument.options:
        index = argument.options.index(first) if first in argument.options else None
        return st.selectbox(title, argument.options, index=index, key=key)
    if argument.kind == "flag":
        return st.checkbox(title, first == "true", key=key)
    typed = st.text_input(title, first, key=key)
    return _as("number", typed) if argument.kind == "number" and typed else typed


def _message(offer: Offer, messages: Sequence[str]) -> dict[str, Any]:
    known = [name for name in messages if not name.startswith("__temporal")]
    if known:
        name = st.selectbox(f"Which {offer.verb}", known, index=0, key="nudge.name", accept_new_options=True)
    else:
        name = st.text_input(f"Name of the {offer.verb}", key="nudge.name")
    count = int(st.number_input("Arguments", 0, MOST_ARGUMENTS, 0, key="nudge.arguments"))
    arguments = [_argument(number) for number in range(count)]
    if not name:
        raise ActionError(f"Name the {offer.verb}.")
    return {"name": name, "arguments": arguments}


def _argument(number: int) -> Any:
    with st.container(horizontal=True, gap="small"):
        label = f"Argument {number + 1}"
        kind = st.selectbox(f"{label} is", KINDS, key=f"nudge.kind.{number}", width=120)
        if kind == "yes or no":
            return st.checkbox(label, key=f"nudge.flag.{number}")
        typed = st.text_input(label, key=f"nudge.value.{number}", width="stretch")
    return _as(str(kind), typed)


def _as(kind: str, typed: str) -> Any:
    try:
        if kind == "number":
            return float(typed) if "." in typed or "e" in typed.lower() else int(typed)
        return json.loads(typed) if kind == "JSON" else typed
    except ValueError:
        raise ActionError(f"{typed!r} is no {kind}.") from None


def _reset() -> dict[str, Any]:
    point = st.selectbox("Go back to", list(POINTS), format_func=lambda name: POINTS[name], key="nudge.point")
    told: dict[str, Any] = {"point": point}
    if point == "before_activity":
        told["activity"] = st.text_input("Activity type", key="nudge.before")
        if not told["activity"]:
            raise ActionError("Name the activity to go back to before.")
    if point == "at":
        told["at"] = _instant()
    again = st.multiselect(
        "Apply again what was received since", ["signals", "updates"], ["signals", "updates"], key="nudge.again"
    )
    return told | {"leave_out": [kind for kind in ("signals", "updates") if kind not in again]}


def _instant() -> str:
    """An instant as on the command line; to the second, since turns follow each other fast."""
    typed = st.text_input(
        "Instant", key="nudge.at", placeholder=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", help=INSTANT
    )
    if not typed.strip():
        raise ActionError("Say the instant to go back to.")
    try:
        at = instant(typed.strip())
    except AskError as error:
        raise ActionError(str(error)) from None
    local = at.astimezone(zone())
    st.caption(f"{instant_words(at)}, {local:%d %b %H:%M:%S} here: what was done before it stays")
    return at.isoformat()


def _options() -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, title in SECONDS.items():
        told[name] = st.number_input(f"{title}, seconds", 0.0, None, None, key=f"nudge.{name}") or None
    told["attempts"] = st.number_input("Most attempts (0: without limit)", 0, None, None, key="nudge.attempts")
    told["queue"] = st.text_input("Move to the task queue", key="nudge.queue") or None
    if all(value is None for value in told.values()):
        raise ActionError("Say what to change.")
    return told
