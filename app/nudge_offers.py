"""What may be done to some items: what their stream declares first, then verbs; and why something is not offered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actions.actor import Actor
from actions.config import ActionsConfig, words_of
from actions.target import Target
from actions.verb import Force, Server
from actions.verbs import ALL, BY_VERB
from value_stream import Nudge, Stream, Verb
from value_stream.nudge import Argument

MARKS: Mapping[Force, str] = {"gentle": "", "firm": " · does something again", "final": " · ends it"}


@dataclass(frozen=True)
class Offer:
    """One thing that may be done. `what` is the nudge's name, or the verb. `why_not` None: it is offered."""

    what: str
    title: str
    verb: Verb
    force: Force
    is_declared: bool
    arguments: tuple[Argument, ...] = ()
    why_not: str | None = None


def offers(
    actions: ActionsConfig,
    actor: Actor,
    stream: Stream,
    targets: Sequence[Target],
    servers: Mapping[str, Server],
) -> list[Offer]:
    """All that there is, in the order in which it is shown."""
    declared = [_declared(actions, actor, stream, targets, servers, nudge) for nudge in stream.nudges]
    return [*declared, *(_plain(actions, actor, stream, servers, action.verb) for action in ALL)]


def labels(able: Sequence[Offer]) -> dict[str, str]:
    """What each offer is called in a list, by `what`: its title, what it does to a run, and no two alike."""
    told: dict[str, str] = {}
    for offer in able:
        label = offer.title + MARKS[offer.force]
        # A list tells its options apart by what they say, so a second one that says the same could not be chosen.
        told[offer.what] = f"{label} ({words_of(offer.what)})" if label in told.values() else label
    return told


def argument_object(arguments: Sequence[Argument], filled: Mapping[str, Any]) -> dict[str, Any]:
    """The one argument that a form's fields make; what was left empty and need not be filled in is left out."""
    return {each.name: filled[each.name] for each in arguments if filled.get(each.name) not in (None, "")}


def missing(arguments: Sequence[Argument], filled: Mapping[str, Any]) -> str | None:
    """The title of the first field that must be filled in and is not."""
    empty = [each.title for each in arguments if each.required and filled.get(each.name) in (None, "")]
    return empty[0] if empty else None


def _declared(
    actions: ActionsConfig,
    actor: Actor,
    stream: Stream,
    targets: Sequence[Target],
    servers: Mapping[str, Server],
    nudge: Nudge,
) -> Offer:
    why_not = actions.why_not(actor, nudge.verb, stream.stream, is_declared=True)
    why_not = why_not or _wrong_stage(stream, nudge, targets) or _unable(nudge.verb, servers)
    force = BY_VERB[nudge.verb].force
    return Offer(nudge.name, nudge.title, nudge.verb, force, True, nudge.arguments, why_not)


def _plain(actions: ActionsConfig, actor: Actor, stream: Stream, servers: Mapping[str, Server], verb: Verb) -> Offer:
    action = BY_VERB[verb]
    why_not = actions.why_not(actor, verb, stream.stream, is_declared=False) or _unable(verb, servers)
    return Offer(verb, action.title, verb, action.force, False, (), why_not)


def _wrong_stage(stream: Stream, nudge: Nudge, targets: Sequence[Target]) -> str | None:
    if nudge.stage is None or any(target.stage == nudge.stage for target in targets):
        return None
    return f"Only in {stream.stage(nudge.stage).title}."


def _unable(verb: Verb, servers: Mapping[str, Server]) -> str | None:
    said = [BY_VERB[verb].why_unable(server) for server in servers.values()]
    return said[0] if said and all(said) else None
