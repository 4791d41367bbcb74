"""The company's people and customers, simulated: they act only through Temporal's client API, under their own names.

    TEMPORAL_ADDRESS=localhost:7233 CRM_DATABASE_URL=postgresql://... python -m sample_data.people --speed 1 --seed 7

First they open with many requests spread over all stages (`ready people N`), then customers ask at a steady rate and
everybody works at their own pace. Planted trouble follows its cycle. A worker must be running.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from sqlalchemy import Engine

from sample_data import trouble
from sample_data.child_process import run_until_told
from sample_data.clients import add_search_attributes, connect
from sample_data.company import add_database_option
from sample_data.office import Office, Pace
from sample_data.opening import open_with
from sample_data.roster import ABSENT
from sample_data.service_request.behaviour import arrival
from sample_data.service_request.contact import Contact
from sample_data.service_request.messages import Terms
from sample_data.tables import open_database

ARRIVALS_PER_MINUTE = 8.0
MOST_OPEN = 160


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
    contact = Contact(client, Terms.at_speed(settings.speed))
    office = Office(contact, Pace(settings.speed), settings.seed)
    database = open_database(settings.database_url)
    prefix = f"request-{datetime.now(UTC):%m%d-%H%M%S}-"
    opening = asyncio.create_task(_open(contact, settings, prefix))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((opening, stopping), return_when=asyncio.FIRST_COMPLETED)
    if stop.is_set():
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        return
    stopping.cancel()
    await opening
    async with asyncio.TaskGroup() as group:
        group.create_task(office.work(stop))
        group.create_task(ask(contact, office, settings, prefix, stop))
        group.create_task(make_trouble(database, office, settings.speed, stop))
    database.dispose()


async def _open(contact: Contact, settings: Settings, prefix: str) -> None:
    began = time.monotonic()
    count = await open_with(contact, settings.open_with, Random(settings.seed), prefix)
    print(f"ready people {count} requests in {time.monotonic() - began:.0f} s", flush=True)


async def ask(contact: Contact, office: Office, settings: Settings, prefix: str, stop: asyncio.Event) -> None:
    """Customers ask, at random intervals around the steady rate. They hold back while far too much is open."""
    dice = Random(f"{settings.seed}/arrivals")
    number = settings.open_with
    while not await _told_to_stop(stop, dice.expovariate(settings.arrivals_per_minute * settings.speed / 60)):
        if office.open_requests < MOST_OPEN:
            await contact.start(f"{prefix}{number:04}", arrival(dice))
            number += 1


async def make_trouble(database: Engine, office: Office, speed: float, stop: asyncio.Event) -> None:
    """Turn the switches as their cycle says, and send the absent approver away while hers is on."""
    began = time.monotonic()
    while True:
        await asyncio.to_thread(trouble.follow_cycle, database, (time.monotonic() - began) * speed)
        is_away = await asyncio.to_thread(trouble.is_on, database, trouble.ABSENT_APPROVER)
        office.absent = frozenset({ABSENT.name}) if is_away else frozenset()
        if await _told_to_stop(stop, 1.0):
            return


async def _told_to_stop(stop: asyncio.Event, within_seconds: float) -> bool:
    try:
        await asyncio.wait_for(stop.wait(), within_seconds)
    except TimeoutError:
        return False
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
