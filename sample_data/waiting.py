"""Waiting for people, durably: one wait at a time, with promises for the case that nobody answers."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Promise:
    """What happens when nobody answers in time. The summary is what an operator reads on the open timer."""

    after_seconds: float
    summary: str
    then: Callable[[], Awaitable[None]]

    async def keep(self) -> None:
        """Start the timer and do what was promised when it fires. Cancelled in the middle of that, it ends quietly."""
        await workflow.sleep(self.after_seconds, summary=self.summary)
        try:
            await self.then()
        except ActivityError as error:
            if not is_cancelled_exception(error):
                raise


class GivenUp(Exception):
    """Nobody wants the answer any more: the whole case is given up."""


class Waiting:
    """What a workflow is waiting for at the moment.

    `message` is the signal or update that would move it, None while it works by itself; `count` numbers the waits,
    on from `counted` where an earlier run has waited already. While `is_given_up`, every wait raises GivenUp.
    """

    def __init__(self, is_given_up: Callable[[], bool] = lambda: False, counted: int = 0) -> None:
        self.message: str | None = None
        self.count = counted
        self._is_given_up = is_given_up

    async def until(self, message: str, answer: Callable[[], Answer | None], *promises: Promise) -> Answer:
        """Wait until there is an answer and return it; keep the promises meanwhile. One that came early counts.

        Raises GivenUp when the case is given up first.
        """
        self.message = message
        self.count += 1
        timers = [asyncio.create_task(promise.keep()) for promise in promises]
        try:
            await workflow.wait_condition(lambda: answer() is not None or self._is_given_up())
        finally:
            self.message = None
            for timer in timers:
                timer.cancel()
        found = answer()
        if found is None:
            raise GivenUp
        return found
