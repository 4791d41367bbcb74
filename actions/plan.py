"""The plan: which items would be nudged, what would happen to each, and which are left out and why. Only reads."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict

from actions.actor import Actor
from actions.config import ActionsConfig
from actions.errors import ActionError, NotEligible
from actions.journal import new_id
from actions.looking import look_at, why_not
from actions.order import Order, declared_nudge, instant_words
from actions.permission import require
from actions.reach import Reach
from actions.recent import Recent
from actions.seen import Seen
from actions.target import Target
from actions.verb import Action
from actions.verbs import BY_VERB
from value_stream import Stream


class Line(BaseModel):
    """One item of a plan. `why_not` None: it would be nudged, and `does` says what that means."""

    model_config = ConfigDict(frozen=True)

    number: int
    target: Target
    seen: Seen | None = None
    does: tuple[str, ...] = ()
    why_not: str | None = None


class Plan(BaseModel):
    """A frozen list. What is sent is exactly what was shown: its hash says so."""

    model_config = ConfigDict(frozen=True)

    plan: str
    made_at: datetime
    stream: str
    title: str
    order: Order
    lines: tuple[Line, ...]

    @property
    def hash(self) -> str:
        """SHA-256 of all of it."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def eligible(self) -> tuple[Line, ...]:
        """The lines that would be nudged."""
        return tuple(line for line in self.lines if line.why_not is None)


@dataclass(frozen=True)
class Ground:
    """What plans and acts stand on: the config, the stream, the way to Temporal, and what was done before."""

    actions: ActionsConfig
    stream: Stream
    reach: Reach
    recent: Recent


async def make_plan(ground: Ground, actor: Actor, order: Order, targets: Sequence[Target]) -> Plan:
    """Ask Temporal about each target, and say what the order would do to it.

    Targets keep their order; those beyond the cap, and one that is named twice, are left out and say so. Raises
    NotAllowed, ActionError without a target, and ConnectorError when Temporal cannot be asked.
    """
    require(ground.actions, actor, order, ground.stream)
    if not targets:
        raise ActionError("No item to nudge: nothing that is open fits.")
    nudge = declared_nudge(ground.stream, order)
    action = BY_VERB[order.verb]
    lines = await asyncio.gather(
        *(_line(ground, action, order, number, target) for number, target in enumerate(_once(targets)))
    )
    title = nudge.title if nudge else action.title
    return Plan(
        plan=new_id(),
        made_at=datetime.now(UTC),
        stream=ground.stream.stream,
        title=title,
        order=order,
        lines=tuple(_capped(lines, ground.actions.cap)),
    )


def _once(targets: Sequence[Target]) -> list[Target]:
    return list({target.key: target for target in targets}.values())


def _capped(lines: Sequence[Line], cap: int) -> list[Line]:
    kept, left = [], cap
    for line in lines:
        if line.why_not is None:
            left -= 1
            if left < 0:
                line = line.model_copy(
                    update={"why_not": f"Beyond the cap of {cap} items at once: plan again afterwards.", "does": ()}
                )
        kept.append(line)
    return kept


async def _line(ground: Ground, action: Action, order: Order, number: int, target: Target) -> Line:
    seen: Seen | None = None
    try:
        _check_stage(ground.stream, order, target)
        _check_cool_down(ground, order, target)
        await check_server(ground.reach, action, target)
        look = await look_at(await ground.reach.reader(target.source), target, ground.stream)
        seen = look.seen
        if (problem := why_not(action, target.run_id, seen)) is not None:
            raise NotEligible(problem)
        effect = await action.expect(look, order)
    except NotEligible as refused:
        return Line(number=number, target=target, seen=seen, why_not=str(refused))
    return Line(number=number, target=target, seen=seen, does=effect.does)


async def check_server(reach: Reach, action: Action, target: Target) -> None:
    """Raises NotEligible where the server cannot do this."""
    if (unable := action.why_unable(await reach.server(target.source))) is not None:
        raise NotEligible(unable)


def _check_stage(stream: Stream, order: Order, target: Target) -> None:
    nudge = declared_nudge(stream, order)
    if nudge is not None and nudge.stage not in (None, target.stage):
        title = stream.stage(nudge.stage).title if nudge.stage else ""
        raise NotEligible(f"{nudge.title} is for items in {title}; this one is in {target.stage or 'no stage'}.")


def _check_cool_down(ground: Ground, order: Order, target: Target) -> None:
    nudge = declared_nudge(ground.stream, order)
    micros = nudge.cool_down if nudge is not None and nudge.cool_down else ground.actions.cool_down
    last = ground.recent.last(target, order)
    if micros and last is not None:
        again_at = last.recorded_at + timedelta(microseconds=micros)
        if datetime.now(UTC) < again_at:
            raise NotEligible(f"{last.actor} did this to it already; again not before {instant_words(again_at)}.")
