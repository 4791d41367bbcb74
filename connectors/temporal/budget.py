"""How much may be asked of somebody's production cluster: two rates, a width, and a step back when it says no."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from temporalio.service import RPCError, RPCStatusCode

Answer = TypeVar("Answer")

WIDTH = 8  # Requests under way at once: beyond 16 a server only queues them.
ATTEMPTS = 6
FIRST_PAUSE_SECONDS = 0.2
SLOWEST_SHARE = 0.02  # Never slower than this share of the configured rate, or a round would never end.
RECOVERY = 1.02


class Rate:
    """At most so many per second, with up to a second's worth saved up. Halves when refused, recovers with success."""

    def __init__(self, per_second: float) -> None:
        self.allowed = per_second
        self.present = per_second
        self._saved = max(per_second, 1.0)
        self._counted_at = time.monotonic()

    async def take(self) -> None:
        """Wait until one more may be asked."""
        now = time.monotonic()
        self._saved = min(self._saved + (now - self._counted_at) * self.present, max(self.present, 1.0))
        self._counted_at = now
        self._saved -= 1  # Taken before waiting: whoever comes next waits behind us.
        if self._saved < 0:
            await asyncio.sleep(-self._saved / self.present)

    def refused(self) -> None:
        """The server said that it is too much."""
        self.present = max(self.present / 2, self.allowed * SLOWEST_SHARE)

    def accepted(self) -> None:
        """The server answered."""
        self.present = min(self.present * RECOVERY, self.allowed)


@dataclass
class Asked:
    """What was asked so far: `requests` sent, retries included, and how many of them were refused for limits."""

    requests: int = 0
    throttled: int = 0


class Budget:
    """The budget of one namespace: visibility requests (list, count) count against both rates."""

    def __init__(self, requests_per_second: float, visibility_per_second: float) -> None:
        self.asked = Asked()
        self._requests = Rate(requests_per_second)
        self._visibility = Rate(visibility_per_second)
        self._width = asyncio.Semaphore(WIDTH)

    async def spend(self, send: Callable[[], Awaitable[Answer]], *, visibility: bool = False) -> Answer:
        """Send a request within the budget; one that is refused for limits is sent again, later and later.

        Raises RPCError: RESOURCE_EXHAUSTED after six refusals, anything else at once.
        """
        rates = (self._visibility, self._requests) if visibility else (self._requests,)
        for attempt in range(ATTEMPTS):
            async with self._width:
                for rate in rates:
                    await rate.take()
                self.asked.requests += 1
                try:
                    answer = await send()
                except RPCError as error:
                    if error.status != RPCStatusCode.RESOURCE_EXHAUSTED:
                        raise
                    self._refused(rates[0])
                    if attempt == ATTEMPTS - 1:
                        raise
                else:
                    for rate in rates:
                        rate.accepted()
                    return answer
            await asyncio.sleep(FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1.0))
        raise AssertionError("the last attempt returns or raises")

    def _refused(self, rate: Rate) -> None:
        self.asked.throttled += 1
        rate.refused()
