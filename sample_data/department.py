"""The part of the company that does one stream of work: its people, what it begins with, and what keeps coming in."""

import asyncio
import itertools
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Generic

from temporalio.client import Client
from temporalio.service import RPCError

from sample_data.acts import Seen
from sample_data.business import Arriving, Business
from sample_data.contact import Contact
from sample_data.office import Office, Pace
from sample_data.opening import open_with
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

    @property
    def first_ids(self) -> list[str]:
        """The ids of the cases to begin with."""
        return [f"{self.prefix}{number:04}" for number in range(self.first)]

    async def open(self) -> None:
        """Begin with cases in every stage. Raises TimeoutError when they do not move."""
        dice = Random(f"{self.seed}/{self.business.item}")
        await open_with(self.contact, self.business, self.first_ids, dice, self.speed)

    async def work(self, stop: asyncio.Event) -> None:
        """Go on until told to stop."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.office.work(stop))
            group.create_task(self._let_in(stop))

    async def _let_in(self, stop: asyncio.Event) -> None:
        """Cases arrive at random intervals around the steady rate; they hold back while far too much is open."""
        dice = Random(f"{self.seed}/{self.business.item}/arrivals")
        a_second = self.business.arrivals_per_minute * self.speed / 60
        for number in itertools.count(self.first):
            if await told_to_stop(stop, dice.expovariate(a_second)):
                return
            arriving = self.business.arrival(dice)
            if self.office.open_cases < self.business.most_open:
                with suppress(RPCError):
                    client = self.contact.line(arriving.by)
                    await self.business.start(client, f"{self.prefix}{number:04}", arriving, self.speed)


def department(
    client: Client, business: Business[Seen, Arriving], speed: float, seed: int, stamp: str, first: int
) -> Department[Seen, Arriving]:
    """The department for this stream; `stamp` tells its cases from those of another start."""
    contact = Contact(client, business.workflow_type, business.status)
    office = Office(contact, business.plan, Pace(speed), seed)
    return Department(business, contact, office, speed, seed, f"{business.item}-{stamp}-", first)
