"""The company's people and customers, simulated: they act only through Temporal's client API, under their own names.

    TEMPORAL_ADDRESS=localhost:7233 CRM_DATABASE_URL=postgresql://... python -m sample_data.people --speed 1 --seed 7

First they open with many requests spread over all stages (`ready people N`), then customers ask at a steady rate and
everybody works at their own pace. Planted trouble follows its cycle. A worker must be running.
"""

import argparse
import asyncio
import itertools
import sys
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from sample_data import trouble
from sample_data.child_process import run_until_told
from sample_data.clients import add_search_attributes, connect
from sample_data.company import add_database_option
from sample_data.contact import Contact
from sample_data.office import Office, Pace
from sample_data.opening import approve_some, open_with
from sample_data.roster import ABSENT
from sample_data.service_request.behaviour import arrival, plan
from sample_data.service_request.messages import Status, Terms
from sample_data.service_request.starting import start_request
from sample_data.tables import open_database

ARRIVALS_PER_MINUTE = 8.0
MOST_OPEN = 160
STUCK_AT_FIRST = 5


@dataclass(frozen=True)
class Settings:
    """What was asked for on the command line."""

    database_url: str
    speed: float
    seed: int
    open_with: int
    arrivals_per_minute: float


async def live(settings: Settings, stop: asyncio.Event) -> None:
    """Open the company and keep it going until told to stop."""
    client = await connect("people")
    await add_search_attributes(client)
    contact = Contact(client, "ServiceRequest", Status)
    office = Office(contact, plan, Pace(settings.speed), settings.seed)
    database = open_database(settings.database_url)
    prefix = f"request-{datetime.now(UTC):%m%d-%H%M%S}-"
    if await _until_told(stop, open_company(contact, database, settings, prefix)):
        return
    async with asyncio.TaskGroup() as group:
        group.create_task(office.work(stop))
        group.create_task(ask(contact, office, settings, prefix, stop))
        group.create_task(make_trouble(database, office, settings.speed, stop))
    database.dispose()


async def open_company(contact: Contact[Status], database: Engine, settings: Settings, prefix: str) -> None:
    """Begin with requests in every stage, then let the trouble in: some of them are stuck from the start."""
    began = time.monotonic()
    ids = [f"{prefix}{number:04}" for number in range(settings.open_with)]
    await open_with(contact, ids, Random(settings.seed), Terms.at_speed(settings.speed))
    await asyncio.to_thread(trouble.follow_cycle, database, 0.0)
    await approve_some(contact, ids, trouble.OFFLINE_REGIONS, STUCK_AT_FIRST)
    print(f"ready people {settings.open_with} requests in {time.monotonic() - began:.0f} s", flush=True)


async def ask(
    contact: Contact[Status], office: Office[Status], settings: Settings, prefix: str, stop: asyncio.Event
) -> None:
    """Customers ask, at random intervals around the steady rate. They hold back while far too much is open."""
    dice = Random(f"{settings.seed}/arrivals")
    terms = Terms.at_speed(settings.speed)
    for number in itertools.count(settings.open_with):
        if await _told_to_stop(stop, dice.expovariate(settings.arrivals_per_minute * settings.speed / 60)):
            return
        arriving = arrival(dice)
        if office.open_cases < MOST_OPEN:
            with suppress(RPCError):
                await start_request(contact.line(arriving.by), f"{prefix}{number:04}", arriving, terms)


async def make_trouble(database: Engine, office: Office[Status], speed: float, stop: asyncio.Event) -> None:
    """Turn the switches as their cycle says, and send the absent approver away while hers is on.

    While the database is away, everything stays as it was.
    """
    began = time.monotonic()
    while not await _told_to_stop(stop, 1.0):
        try:
            await asyncio.to_thread(trouble.follow_cycle, database, (time.monotonic() - began) * speed)
            is_away = await asyncio.to_thread(trouble.is_on, database, trouble.ABSENT_APPROVER)
        except SQLAlchemyError as error:
            print(f"Cannot read the table trouble: {error}", file=sys.stderr, flush=True)
            continue
        office.absent = frozenset({ABSENT.name}) if is_away else frozenset()


async def _told_to_stop(stop: asyncio.Event, within_seconds: float) -> bool:
    try:
        await asyncio.wait_for(stop.wait(), within_seconds)
    except TimeoutError:
        return False
    return True


async def _until_told(stop: asyncio.Event, work: Coroutine[None, None, None]) -> bool:
    """Do the work, or drop it when told to stop; True when told."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    if not stop.is_set():
        stopping.cancel()
        await working
        return False
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the people. Exit codes: 0 told to stop, 1 Temporal or the database cannot be reached, 2 usage."""
    parser = argparse.ArgumentParser(prog="python -m sample_data.people", description=__doc__.splitlines()[0])
    add_database_option(parser)
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than usual (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="equal seeds behave alike (default: 1)")
    parser.add_argument("--open-with", type=int, default=80, help="requests to begin with (default: 80)")
    parser.add_argument(
        "--arrivals-per-minute", type=float, default=ARRIVALS_PER_MINUTE, help="at speed 1 (default: %(default)s)"
    )
    settings = Settings(**vars(parser.parse_args(arguments)))
    return run_until_told(lambda stop: live(settings, stop))


if __name__ == "__main__":
    sys.exit(main())
