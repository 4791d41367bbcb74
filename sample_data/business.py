"""What a stream of work brings with it, so that the same people, office and recording can run every one of them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Generic, Protocol, TypeVar

from temporalio.client import Client

from sample_data.acts import Act, Plan, Seen


class Arrival(Protocol):
    """Something new that comes in: through which channel, and who starts it."""

    @property
    def channel(self) -> str: ...
    @property
    def by(self) -> str: ...


Arriving = TypeVar("Arriving", bound=Arrival)


@dataclass(frozen=True)
class Business(Generic[Seen, Arriving]):
    """One stream of work: what arrives, how it is started, and what people do about it.

    `status` is the class that the query `status` of the workflow type answers with; `start` takes the client under
    the starter's name, the workflow id, what arrived, and the speed. `spread`: of a hundred open cases, how many wait
    for which message, about as they would after an hour; in the order in which a case waits for them, for one that
    never waits for its message stops at the next.
    """

    item: str
    workflow_type: str
    status: type[Seen]
    arrival: Callable[[Random], Arriving]
    start: Callable[[Client, str, Arriving, float], Awaitable[None]]
    plan: Plan[Seen]
    straight_answer: Callable[[Seen], Act | None]
    spread: Mapping[str, int]
    arrivals_per_minute: float
    most_open: int
