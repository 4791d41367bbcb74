"""The company's people and customers, simulated: they act only through Temporal's client API, under their own names.

    TEMPORAL_ADDRESS=localhost:7233 CRM_DATABASE_URL=postgresql://... python -m sample_data.people --speed 1 --seed 7

First they open with many cases spread over all stages (`ready people N`), then customers ask at a steady rate and
everybody works at their own pace. Planted trouble follows its cycle. A worker must be running.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from sample_data import trouble
from sample_data.child_process import run_until_told
from sample_data.claim.behaviour import Arrival as ClaimArrival
from sample_data.claim.business import CLAIMS
from sample_data.claim.messages import Status as ClaimStatus
from sample_data.claim.messages import Terms
from sample_data.claim.starting import schedule_nights
from sample_data.clients import add_search_attributes, connect
from sample_data.company import add_database_option
from sample_data.department import Department, department
from sample_data.opening import walk_some
from sample_data.roster import ABSENT
from sample_data.service_request.behaviour import Arrival
from sample_data.service_request.business import SERVICE_REQUESTS
from sample_data.service_request.messages import Stage, Status
from sample_data.tables import open_database
from sample_data.telling import told_to_stop, unless_told

STUCK_AT_FIRST = 5


@dataclass(frozen=True)
class Settings:
    """What was asked for on the command line."""

    database_url: str
    speed: float
    seed: int
    open_with: int


async def live(settings: Settings, stop: asyncio.Event) -> None:
    """Open the company and keep it going until told to stop."""
    client = await connect("people")
    await add_search_attributes(client)
    stamp = f"{datetime.now(UTC):%m%d-%H%M%S}"
    requests = department(client, SERVICE_REQUESTS, settings.speed, settings.seed, stamp, settings.open_with)
    claims = department(client, CLAIMS, settings.speed, settings.seed, stamp, settings.open_with)
    database = open_database(settings.database_url)
    if await unless_told(stop, open_company(requests, claims, database)):
        return
    await schedule_nights(client, settings.speed, Terms.at_speed(settings.speed))
    async with asyncio.TaskGroup() as group:
        group.create_task(requests.work(stop))
        group.create_task(claims.work(stop))
        group.create_task(make_trouble(database, requests, settings.speed, stop))
    database.dispose()


async def open_company(
    requests: Department[Status, Arrival], claims: Department[ClaimStatus, ClaimArrival], database: Engine
) -> None:
    """Begin with cases in every stage, then let the trouble in: some of them are stuck from the start."""
    began = time.monotonic()
    await asyncio.gather(requests.open(), claims.open())
    await asyncio.to_thread(trouble.follow_cycle, database, 0.0)
    await let_outage_be_felt(requests)
    cases = f"{requests.first} requests, {claims.first} claims"
    print(f"ready people {cases} in {time.monotonic() - began:.0f} s", flush=True)


async def let_outage_be_felt(requests: Department[Status, Arrival]) -> None:
    """Approve a few that the vendor's outage is then seen to hold up."""
    await walk_some(
        requests.contact,
        requests.business.straight_answer,
        requests.first_ids,
        lambda status: status.waiting_for == "decide" and status.request.region in trouble.OFFLINE_REGIONS,
        lambda status: status.stage is Stage.DELIVERY,
        STUCK_AT_FIRST,
    )


async def make_trouble(
    database: Engine, requests: Department[Status, Arrival], speed: float, stop: asyncio.Event
) -> None:
    """Turn the switches as their cycle says, and send the absent approver away while hers is on.

    While the database is away, everything stays as it was.
    """
    began = time.monotonic()
    while not await told_to_stop(stop, 1.0):
        try:
            await asyncio.to_thread(trouble.follow_cycle, database, (time.monotonic() - began) * speed)
            is_away = await asyncio.to_thread(trouble.is_on, database, trouble.ABSENT_APPROVER)
        except SQLAlchemyError as error:
            print(f"Cannot read the table trouble: {error}", file=sys.stderr, flush=True)
            continue
        requests.office.absent = frozenset({ABSENT.name}) if is_away else frozenset()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the people. Exit codes: 0 told to stop, 1 Temporal or the database cannot be reached, 2 usage."""
    parser = argparse.ArgumentParser(prog="python -m sample_data.people", description=__doc__.splitlines()[0])
    add_database_option(parser)
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than usual (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="equal seeds behave alike (default: 1)")
    parser.add_argument("--open-with", type=int, default=80, help="cases to begin with in each stream (default: 80)")
    settings = Settings(**vars(parser.parse_args(arguments)))
    return run_until_told(lambda stop: live(settings, stop))


if __name__ == "__main__":
    sys.exit(main())
