"""The part of the company that does one stream of work: its people, what it begins with, and what keeps coming in."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Generic

from temporalio.client import Client
from temporalio.service import RPCError

from sample_data.acts import Seen
from sample_data.business import Arriving, Business
from sample_data.contact import Contact
from sample_data.office import Office, Pace
from sample_data.opening import WALKS_AT_ONCE, open_with, walk_until
from sample_data.telling import told_to_stop


@dataclass(frozen=True)
class Department(Generic[Seen, Arriving]):
    """One stream of the company at work. `prefix` begins the ids of its cases; `first` are there at the opening."""

    business: Business[Seen, Arriving]
    contact: Contact[Seen]
    office: Office[Seen]
    speed: float
    seed: int
    prefix: str
    first: int
    numbers: Iterator[int] = field(default_factory=itertools.count)

    async def open(self) -> None:
        """Begin with cases in every stage. Raises TimeoutError when they do not move."""
        ids = [self._next_id() for _ in range(self.first)]
        dice = Random(f"{self.seed}/{self.business.item}")
        await open_with(self.contact, self.business, ids, dice, self.speed)

    async def bring(self, count: int, fits: Callable[[Arriving], bool], arrived: Callable[[Seen], bool]) -> None:
        """Have so many cases that fit arrive, and walk them until they are where they should be, as trouble allows."""
        places = asyncio.Semaphore(WALKS_AT_ONCE)

        async def begin(workflow_id: str, arriving: Arriving) -> None:
            async with places:
                await self.business.start(self.contact.line(arriving.by), workflow_id, arriving, self.speed)
                await walk_until(self.contact, self.business.straight_answer, workflow_id, arrived)

        dice = Random(f"{self.seed}/{self.business.item}/brought")
        fitting = (each for each in iter(lambda: self.business.arrival(dice), None) if fits(each))
        await asyncio.gather(*(begin(self._next_id(), each) for each in itertools.islice(fitting, count)))

    def _next_id(self) -> str:
        return f"{self.prefix}{next(self.numbers):04}"

    async def work(self, stop: asyncio.Event) -> None:
        """Go on until told to stop."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.office.work(stop))
            group.create_task(self._let_in(stop))

    async def _let_in(self, stop: asyncio.Event) -> None:
        """Cases arrive at random intervals around the steady rate; they hold back while far too much is open."""
        dice = Random(f"{self.seed}/{self.business.item}/arrivals")
        a_second = self.business.arrivals_per_minute * self.speed / 60
        while not await told_to_stop(stop, dice.expovariate(a_second)):
            arriving = self.business.arrival(dice)
            if self.office.open_cases < self.business.most_open:
                with suppress(RPCError):
                    client = self.contact.line(arriving.by)
                    await self.business.start(client, self._next_id(), arriving, self.speed)


def department(
    client: Client, business: Business[Seen, Arriving], speed: float, seed: int, stamp: str, first: int
) -> Department[Seen, Arriving]:
    """The department for this stream; `stamp` tells its cases from those of another start."""
    contact = Contact(client, business.workflow_type, business.status)
    office = Office(contact, business.plan, Pace(speed), seed)
    return Department(business, contact, office, speed, seed, f"{business.item}-{stamp}-", first)
