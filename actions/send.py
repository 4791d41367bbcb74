"""Send a plan: each line asked about once more, journalled before and after, and acted on only if it is as it was."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from temporalio.service import RPCError

from actions.actor import Actor
from actions.errors import ActionError, NotAllowed, NotEligible
from actions.journal import Journal
from actions.looking import look_at, what_changed, why_not
from actions.permission import require
from actions.plan import Ground, Line, Plan, check_server
from actions.recent import Recent, is_settled
from actions.recording import Recording
from actions.verb import Action, Answer, Deed, Effect, Look
from actions.verbs import BY_VERB
from actions.writer import REFUSALS, came_back
from connectors.errors import ConnectorError
from connectors.journal import read_journal
from warehouse.nudge_record import NudgeRecord

Outcome = Literal["accepted", "refused", "skipped", "failed"]


@dataclass(frozen=True)
class Sent:
    """How one line went. `line` None: of the whole plan, which was stopped."""

    line: int | None
    outcome: Outcome | Literal["stopped"]
    words: str
    new_run_id: str | None = None


@dataclass
class Tally:
    """How the acts went so far, to stop in time. What was skipped was no act."""

    canary: int
    failure_share: float
    acts: int = 0
    bad: int = 0

    def count(self, sent: Sent) -> None:
        """Count one line."""
        if sent.outcome in ("accepted", "refused", "failed"):
            self.acts += 1
            self.bad += sent.outcome != "accepted"

    @property
    def why_stop(self) -> str | None:
        """Why to stop now; None to go on. Judged from the canary on."""
        if self.acts < self.canary or self.bad <= self.failure_share * self.acts:
            return None
        return (
            f"{self.bad} of {self.acts} were refused or failed, more than {self.failure_share:.0%}: nothing more is "
            "sent. What is left can be continued once that is mended."
        )


@dataclass
class Pace:
    """At most so many per second."""

    rate: float
    _next: float = field(default_factory=time.monotonic)

    async def wait(self) -> None:
        """Until the next one may go."""
        now = time.monotonic()
        await asyncio.sleep(max(0.0, self._next - now))
        self._next = max(self._next, now) + 1 / self.rate


async def send(
    ground: Ground, journal: Journal, plan: Plan, *, actor: Actor, reason: str, shown_hash: str
) -> AsyncIterator[Sent]:
    """Act on the plan's lines in order, each as it is done.

    What the journal says was done is not done again: the same plan sent twice does nothing twice, and one that was
    interrupted is continued. `shown_hash` is that of the plan that the person saw. Raises NotAllowed (a known actor's
    refusal is journalled), and ActionError for a plan that is not what was shown, or without a reason.
    """
    recording = Recording(journal, plan, actor, " ".join(reason.split()))
    try:
        require(ground.actions, actor, plan.order, ground.stream)
    except NotAllowed as refused:
        recording.denied(str(refused))
        raise
    if not recording.reason:
        raise ActionError("Say why: a nudge needs a reason.")
    if plan.hash != shown_hash:
        raise ActionError("This is not the plan that was shown. Make it again, and look at it.")
    if plan.stream != ground.stream.stream:
        raise ActionError(f"The plan is for {plan.stream}, not for {ground.stream.stream}.")
    async with journal.sending():
        # Read now and not earlier: whoever sent before us has ended.
        recent = Recent(read_journal(journal.path).records)
        sending = _Sending(ground, plan, recording, recent, recent.lines_of(plan.plan))
        async for sent in sending.all():
            yield sent


@dataclass
class _Sending:
    ground: Ground
    plan: Plan
    recording: Recording
    recent: Recent
    before: dict[int, NudgeRecord]

    async def all(self) -> AsyncIterator[Sent]:
        actions = self.ground.actions
        tally, pace = Tally(actions.canary, actions.failure_share), Pace(actions.rate)
        if not self.before:
            self.recording.planned()
        for sent in self._left_out():
            yield sent
        for line in self.plan.eligible:
            if is_settled(self.before.get(line.number)):
                yield self._settled(line)
                continue
            await pace.wait()
            sent = await self._one(line)
            yield sent
            tally.count(sent)
            if (why := tally.why_stop) is not None:
                self.recording.stopped(why)
                yield Sent(None, "stopped", why)
                return
        self.recording.ended()

    def _left_out(self) -> Iterator[Sent]:
        for line in self.plan.lines:
            if line.why_not is not None:
                yield Sent(line.number, "skipped", line.why_not)

    def _settled(self, line: Line) -> Sent:
        done = self.before[line.number]
        return Sent(line.number, "skipped", f"This plan has settled it already: {done.state}.", done.new_run_id)

    async def _one(self, line: Line) -> Sent:
        """One line to its end; whatever goes wrong with it stays with it."""
        action = BY_VERB[self.plan.order.verb]
        was_begun = line.number in self.before and self.before[line.number].state == "requested"
        try:
            require(self.ground.actions, self.recording.actor, self.plan.order, self.ground.stream)
            self._check_others(line)
            await check_server(self.ground.reach, action, line.target)
            look = await look_at(await self.ground.reach.reader(line.target.source), line.target, self.ground.stream)
            if was_begun and (answer := await self._was_done(action, line)) is not None:
                return self._answered(line, answer)
            effect = await self._still(action, line, look, was_begun=was_begun)
        except (NotEligible, NotAllowed) as problem:
            self.recording.line(line, "skipped", answer=str(problem))
            return Sent(line.number, "skipped", str(problem))
        except ConnectorError as error:
            self.recording.line(line, "skipped", answer=f"Temporal could not be asked: {error}")
            return Sent(line.number, "skipped", f"Temporal could not be asked: {error}")
        return await self._act(action, line, look, effect)

    async def _still(self, action: Action, line: Line, look: Look, *, was_begun: bool) -> Effect:
        """What the verb would do now. Raises NotEligible when the run is not as it was planned on."""
        assert line.seen is not None
        changed = why_not(action, line.target.run_id, look.seen)
        # After an interruption our own act may be what is new; the same request id cannot do it twice.
        if changed is None and not was_begun:
            changed = what_changed(line.seen, look.seen)
        if changed is not None:
            raise NotEligible(changed)
        return await action.expect(look, self.plan.order)

    def _check_others(self, line: Line) -> None:
        """Not everything that is done leaves an event: what another plan did since is in the journal."""
        last = self.recent.last(line.target, self.plan.order)
        if last is not None and last.plan != self.plan.plan and last.recorded_at > self.plan.made_at:
            raise NotEligible(f"{last.actor} did this to it since the plan was made.")

    async def _was_done(self, action: Action, line: Line) -> Answer | None:
        connection = await self.ground.reach.reader(line.target.source)
        planned = await look_at(connection, line.target, self.ground.stream, line.target.run_id)
        return await action.was_done(planned.seen)

    async def _act(self, action: Action, line: Line, look: Look, effect: Effect) -> Sent:
        try:
            deed = await self._deed(line, look, effect)
        except ConnectorError as error:
            self.recording.line(line, "skipped", answer=str(error))
            return Sent(line.number, "skipped", str(error))
        self.recording.line(line, "requested", seen=look.seen, request_id=deed.request_id)
        try:
            answer = await action.act(deed)
        except RPCError as error:
            return self._came_back(line, deed, error)
        return self._answered(line, answer)

    async def _deed(self, line: Line, look: Look, effect: Effect) -> Deed:
        return Deed(
            writer=await self.ground.reach.writer(line.target.source),
            look=look,
            order=self.plan.order,
            effect=effect,
            request_id=request_id(self.plan, line),
            identity=self.recording.actor.identity,
            reason=self.recording.reason,
        )

    def _answered(self, line: Line, answer: Answer) -> Sent:
        outcome: Outcome = "refused" if answer.is_refused else "accepted"
        self.recording.line(line, outcome, answer=answer.words, new_run_id=answer.new_run_id)
        return Sent(line.number, outcome, answer.words, answer.new_run_id)

    def _came_back(self, line: Line, deed: Deed, error: RPCError) -> Sent:
        is_refused = error.status in REFUSALS
        words = came_back(error) if is_refused else f"{came_back(error)}. It may have been done all the same."
        self.recording.line(line, "refused" if is_refused else "failed", answer=words)
        return Sent(line.number, "refused" if is_refused else "failed", words)


def request_id(plan: Plan, line: Line) -> str:
    """The same for every try of a line, so that the server can know it again."""
    return str(uuid.uuid5(uuid.UUID(plan.plan), str(line.number)))


def left(plan_lines: int, records: Sequence[NudgeRecord]) -> int:
    """How many lines of a plan have no end yet, by its records."""
    settled = {record.line for record in records if record.line is not None and is_settled(record)}
    return plan_lines - len(settled)
