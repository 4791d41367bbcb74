"""The one driver of a recorded past: it takes the next deed, lets the server skip to its time, and does it.

Only one: the test server hangs when several callers sleep at once.
"""

import heapq
import itertools
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from temporalio.testing import WorkflowEnvironment

# Before it sleeps longer than this it asks the server for its time: between, its own clock is near enough.
LONG_SECONDS = 30.0
Deed = Callable[[], Awaitable[None]]


class Clockwork:
    """Deeds in the order of their times. `now` is in seconds since `began_at`."""

    def __init__(self, environment: WorkflowEnvironment, began_at: datetime) -> None:
        self.now = 0.0
        self._environment = environment
        self._began_at = began_at
        self._deeds: list[tuple[float, int, Deed]] = []
        self._order = itertools.count()
        self._looked_at = time.monotonic()

    def at(self, seconds: float, deed: Deed) -> None:
        """Have this done then; at once when that is over."""
        heapq.heappush(self._deeds, (seconds, next(self._order), deed))

    def instant(self) -> datetime:
        """The present as an instant."""
        return self._began_at + timedelta(seconds=self.now)

    async def run(self) -> None:
        """Do everything, and what it brings with it, until there is nothing left to do."""
        while self._deeds:
            seconds, _, deed = heapq.heappop(self._deeds)
            await self._sleep_until(seconds)
            await deed()

    async def _sleep_until(self, seconds: float) -> None:
        # While nobody sleeps, the server's clock goes on by itself: whatever we do takes a few milliseconds.
        passed = self.now + time.monotonic() - self._looked_at
        if seconds - passed > LONG_SECONDS:
            passed = (await self._environment.get_current_time() - self._began_at).total_seconds()
        if seconds > passed:
            await self._environment.sleep(seconds - passed)
        self.now, self._looked_at = max(seconds, passed), time.monotonic()
