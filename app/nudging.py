"""Nudges put together for pages, HTTP API and command line: the same rules, the same code."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from actions.actor import Actor
from actions.continuing import plan_in
from actions.errors import ActionError
from actions.journal import Journal, journal_path
from actions.order import Order
from actions.permission import why_not_allowed
from actions.plan import Ground, Plan, make_plan
from actions.reach import Reach
from actions.recent import Recent
from actions.recording import turn_away
from actions.send import Sent, send
from actions.target import Target
from actions.verb import Server
from app.config import Config
from connectors.journal import JournalPart, read_journal
from value_stream import Stream

Result = TypeVar("Result")
# A plan that nobody sent is forgotten when so many newer ones were made.
MOST_PLANS = 200


@dataclass
class Sending:
    """A plan being sent, in a thread of its own: whoever looks may go away, the sending goes on."""

    plan: Plan
    results: list[Sent] = field(default_factory=list)
    error: Exception | None = None
    is_done: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)

    def follow(self) -> Iterator[Sent]:
        """Each line as it is done, from the first on. Raises what ended the sending."""
        place = 0
        while True:
            with self._changed:
                while not self.is_done and len(self.results) == place:
                    self._changed.wait()
                new = self.results[place:]
            if not new:
                break
            yield from new
            place += len(new)
        if self.error is not None:
            raise self.error

    def put(self, sent: Sent) -> None:
        """One line is done."""
        with self._changed:
            self.results.append(sent)
            self._changed.notify_all()

    def end(self, error: Exception | None) -> None:
        """All is done, or nothing more will be."""
        with self._changed:
            self.error, self.is_done = error, True
            self._changed.notify_all()


class Nudging:
    """Plans and sends for one warehouse. Connections are made for each plan and each sending, and closed after it."""

    def __init__(self, config: Config, streams: Sequence[Stream]) -> None:
        self._config = config
        self._streams = {stream.stream: stream for stream in streams}
        self.journal = Journal(journal_path(config.warehouse))
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        self._sendings: OrderedDict[str, Sending] = OrderedDict()
        self._servers: dict[str, Server] = {}
        self._lock = threading.Lock()

    def why_not(self, actor: Actor, stream: Stream, order: Order) -> str | None:
        """Why this actor may not give this order; None when they may."""
        return why_not_allowed(self._config.actions, actor, order, stream)

    def plan(self, actor: Actor, stream: Stream, order: Order, targets: Sequence[Target]) -> Plan:
        """Look at each target and say what would happen to it; the plan is kept, to be sent. See actions.plan."""
        if actor.user is None:
            turn_away(f"{order.verb} in {stream.stream}", actor.via)

        async def made(ground: Ground) -> Plan:
            return await make_plan(ground, actor, order, targets)

        plan = asyncio.run(self._on_ground(stream, made))
        with self._lock:
            self._plans[plan.plan] = plan
            while len(self._plans) > MOST_PLANS:
                self._plans.popitem(last=False)
        return plan

    def servers(self, targets: Sequence[Target]) -> dict[str, Server]:
        """What the servers of these targets can do, by source; asked once. Raises ConnectorError."""
        wanted = {target.source for target in targets} - self._servers.keys()
        if wanted:
            self._servers |= asyncio.run(self._ask_servers(wanted))
        return {target.source: self._servers[target.source] for target in targets}

    def messages(self, target: Target, verb: str) -> list[str]:
        """Names of the signals or updates that the target's workflow says it takes; none where it does not say.

        Asks the workflow itself, so its worker: for one item at a time.
        """
        return asyncio.run(self._ask_messages(target, verb))

    def plan_of(self, plan: str) -> Plan:
        """A plan that was made here. Raises ActionError."""
        with self._lock:
            if plan not in self._plans:
                raise ActionError("That plan is not known here any more. Make it again, and look at it.")
            return self._plans[plan]

    def send(self, actor: Actor, plan: str, shown_hash: str, reason: str) -> Sending:
        """Begin to send a plan that was made here; see actions.send."""
        return self._begin(self.plan_of(plan), actor, shown_hash, reason)

    def go_on(self, actor: Actor, plan: str, reason: str = "") -> Sending:
        """Begin to send what an interruption left of a plan in the journal. Raises ActionError."""
        found, reason_then = plan_in(Recent(self.read().records), plan)
        return self._begin(found, actor, found.hash, reason or reason_then)

    def sending(self, plan: str) -> Sending | None:
        """The sending of a plan that was begun here last."""
        return self._sendings.get(plan)

    def read(self) -> JournalPart:
        """The whole journal. Raises ConnectorError."""
        return read_journal(self.journal.path)

    def _begin(self, plan: Plan, actor: Actor, shown_hash: str, reason: str) -> Sending:
        stream = self._streams.get(plan.stream)
        if stream is None:
            raise ActionError(f"No stream {plan.stream!r} is in force any more.")
        sending = Sending(plan)
        with self._lock:
            self._sendings[plan.plan] = sending
            while len(self._sendings) > MOST_PLANS:
                self._sendings.popitem(last=False)

        async def sent(ground: Ground) -> None:
            each = send(ground, self.journal, plan, actor=actor, reason=reason, shown_hash=shown_hash)
            async for one in each:
                sending.put(one)

        def run() -> None:
            try:
                asyncio.run(self._on_ground(stream, sent))
            except Exception as error:
                sending.end(error)
            else:
                sending.end(None)

        threading.Thread(target=run, name=f"nudge {plan.plan[:8]}", daemon=True).start()
        return sending

    async def _ask_servers(self, sources: Iterable[str]) -> dict[str, Server]:
        reach = Reach(self._config.temporal, self._config.actions)
        try:
            return {source: await reach.server(source) for source in sources}
        finally:
            await reach.close()

    async def _ask_messages(self, target: Target, verb: str) -> list[str]:
        reach = Reach(self._config.temporal, self._config.actions)
        try:
            connection = await reach.reader(target.source)
            return await connection.messages(target.workflow_id, target.run_id, verb)
        finally:
            await reach.close()

    async def _on_ground(self, stream: Stream, work: Callable[[Ground], Awaitable[Result]]) -> Result:
        reach = Reach(self._config.temporal, self._config.actions)
        try:
            return await work(Ground(self._config.actions, stream, reach, Recent(self.read().records)))
        finally:
            await reach.close()
