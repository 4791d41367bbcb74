"""What every verb says of itself. One verb, one file in actions/verbs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.history.v1 import HistoryEvent

from actions.order import Order
from actions.seen import Seen
from actions.target import Target
from actions.writer import Writer
from value_stream import Stream, Verb

# gentle: nothing is lost. firm: something is done again or differently. final: the run ends.
Force = Literal["gentle", "firm", "final"]


@dataclass(frozen=True)
class Server:
    """What the server can do: its version, and what it says of itself for the namespace."""

    version: str
    capabilities: frozenset[str]

    def is_at_least(self, wanted: tuple[int, int]) -> bool:
        """Whether its version is that or newer; a version that is none counts as new."""
        numbers = self.version.split(".")[:2]
        return not all(number.isdecimal() for number in numbers) or tuple(map(int, numbers)) >= wanted


@dataclass
class Look:
    """What a verb may look at before it says what it would do: the run now, and its history on demand."""

    target: Target
    stream: Stream
    seen: Seen
    read_events: Callable[[], Awaitable[Sequence[HistoryEvent]]]
    _events: Sequence[HistoryEvent] | None = None

    async def events(self) -> Sequence[HistoryEvent]:
        """The run's history, read once."""
        if self._events is None:
            self._events = await self.read_events()
        return self._events

    def outside(self, activity: str) -> str | None:
        """The system outside that an activity calls, by the stream file; None for one that calls none."""
        return next((system.title for system in self.stream.systems if activity in system.activities), None)


@dataclass(frozen=True)
class Effect:
    """What would happen to one run. does: sentences for people, most important first. hold: what `act` needs."""

    does: tuple[str, ...]
    hold: Any = None


@dataclass(frozen=True)
class Deed:
    """One act on one run, with all that it needs."""

    writer: Writer
    look: Look
    order: Order
    effect: Effect
    request_id: str
    identity: str
    reason: str

    @property
    def seen(self) -> Seen:
        """The run as asked just before."""
        return self.look.seen

    @property
    def namespace(self) -> str:
        """The namespace of the run."""
        return self.writer.namespace

    @property
    def execution(self) -> WorkflowExecution:
        """Exactly the run that was looked at, none that follows it."""
        return WorkflowExecution(workflow_id=self.look.target.workflow_id, run_id=self.seen.run_id)


@dataclass(frozen=True)
class Answer:
    """What the server said. words: one sentence. refused: it did not do it. new_run_id: the run that it made."""

    words: str
    is_refused: bool = False
    new_run_id: str | None = None


Expect = Callable[[Look, Order], Awaitable[Effect]]
Act = Callable[[Deed], Awaitable[Answer]]
WasDone = Callable[[Seen], Awaitable[Answer | None]]


async def _never(planned: Seen) -> Answer | None:
    return None


@dataclass(frozen=True)
class Action:
    """A verb: what it is called, what it needs, what it would do to a run, and how it is done.

    once: what keeps it from being done twice. expect raises NotEligible where it would do no good. was_done tells by
    the planned run, where asking twice would do it twice, whether an act that was interrupted was done; for the others
    the server, or the nature of the act, sees to that.
    needs_open: the run must be open. is_repeatable: the same request may be sent again.
    """

    verb: Verb
    title: str
    force: Force
    once: str
    expect: Expect
    act: Act
    why_unable: Callable[[Server], str | None] = field(default=lambda server: None)
    was_done: WasDone = _never
    needs_open: bool = True
    is_repeatable: bool = True
