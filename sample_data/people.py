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

from sample_data.child_process import run_until_told
from sample_data.claim.messages import Terms
from sample_data.claim.starting import schedule_nights
from sample_data.clients import add_search_attributes, connect
from sample_data.company import add_database_option
from sample_data.mischief import Mischief
from sample_data.tables import open_database
from sample_data.telling import unless_told


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
    database = open_database(settings.database_url)
    stamp = f"{datetime.now(UTC):%m%d-%H%M%S}"
    company = Mischief.of_company(client, database, settings.speed, settings.seed, stamp, settings.open_with)
    if await unless_told(stop, open_company(company)):
        return
    await schedule_nights(client, settings.speed, Terms.at_speed(settings.speed))
    async with asyncio.TaskGroup() as group:
        group.create_task(company.requests.work(stop))
        group.create_task(company.claims.work(stop))
        group.create_task(company.make_trouble(stop))
    database.dispose()


async def open_company(company: Mischief) -> None:
    """Begin with cases in every stage, then let the trouble in: some of them are stuck from the start."""
    began = time.monotonic()
    await asyncio.gather(company.requests.open(), company.claims.open())
    await company.let_in()
    cases = f"{company.requests.first} requests, {company.claims.first} claims"
    print(f"ready people {cases} in {time.monotonic() - began:.0f} s", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the people. Exit codes: 0 told to stop, 1 Temporal or the database cannot be reached, 2 usage."""
    parser = argparse.ArgumentParser(prog="python -m sample_data.people", description=__doc__.splitlines()[0])
    add_database_option(parser)
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than usual (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="equal seeds behave alike (default: 1)")
    parser.add_argument("--open-with", type=int, default=70, help="cases to begin with in each stream (default: 70)")
    settings = Settings(**vars(parser.parse_args(arguments)))
    return run_until_told(lambda stop: live(settings, stop))


if __name__ == "__main__":
    sys.exit(main())
