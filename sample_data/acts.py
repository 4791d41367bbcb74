"""Words that all simulated people share: what a case waits for, and what somebody does about it. No clock."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal, Protocol, TypeVar


class Case(Protocol):
    """What people see when they look at a case, in whichever stream: the answer to its query `status`.

    `waiting_for` names the message that would move it, None while systems work; `wait` counts the waits so far.
    """

    @property
    def waiting_for(self) -> str | None: ...
    @property
    def wait(self) -> int: ...
    @property
    def assignee(self) -> str: ...


Seen = TypeVar("Seen", bound=Case)


@dataclass(frozen=True)
class Act:
    """One thing that one person does, so many seconds (speed 1) after the case began to wait for it.

    `once`: only thought of at first, not each time anew while the case goes on waiting.
    """

    after_seconds: float
    by: str
    verb: Literal["signal", "update", "cancel"]
    name: str
    argument: object = None
    once: bool = False


Plan = Callable[[Seen, Random], tuple[Act, ...]]
"""What will be done about a case in its present wait, soonest first; equal dice give equal plans."""
