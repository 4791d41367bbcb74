"""The company with its trouble: who is away, what people do wrong, what the operator breaks, as the switches say."""

import asyncio
import sys
import time
from dataclasses import dataclass, replace
from random import Random

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client

from sample_data import trouble
from sample_data.acts import Act
from sample_data.claim import behaviour as of_claims
from sample_data.claim import messages as claim
from sample_data.claim.business import CLAIMS
from sample_data.claim.payout import ABROAD
from sample_data.department import Department, department
from sample_data.on_call import OnCall
from sample_data.roster import ABSENT, SILENT
from sample_data.service_request import behaviour as of_requests
from sample_data.service_request import messages as request
from sample_data.service_request.business import SERVICE_REQUESTS
from sample_data.telling import told_to_stop

# How many are caught by the trouble that is on at the start: enough to be seen at once.
CAUGHT_BY_OUTAGE, CAUGHT_ABROAD, CAUGHT_BY_LIMIT = 24, 5, 2


@dataclass
class Habits:
    """What people do wrong at the moment."""

    on: frozenset[str] = frozenset()

    def plan(self, status: claim.Status, dice: Random) -> tuple[Act, ...]:
        """What will be done about a claim, as things are."""
        return of_claims.plan(status, dice, self.on)


@dataclass
class Mischief:
    """Both departments, and all that goes wrong in them."""

    database: Engine
    requests: Department[request.Status, of_requests.Arrival]
    claims: Department[claim.Status, of_claims.Arrival]
    habits: Habits
    on_call: OnCall

    @classmethod
    def of_company(
        cls, client: Client, database: Engine, speed: float, seed: int, stamp: str, first: int
    ) -> "Mischief":
        """The whole company; `stamp` tells its cases from those of another start."""
        habits = Habits()
        claims = replace(CLAIMS, plan=habits.plan)
        return cls(
            database,
            department(client, SERVICE_REQUESTS, speed, seed, stamp, first),
            department(client, claims, speed, seed, stamp, first),
            habits,
            OnCall(client, database, speed, time.monotonic, f"{CLAIMS.item}-{stamp}-"),
        )

    async def let_in(self) -> None:
        """Let the trouble in, and have some cases caught by it at once."""
        await asyncio.to_thread(trouble.follow_cycle, self.database, 0.0)
        on = await asyncio.to_thread(trouble.all_on, self.database)
        await asyncio.gather(self._catch_requests(on), self._catch_claims(on))

    async def make_trouble(self, stop: asyncio.Event) -> None:
        """Turn the switches as their cycle says, and act on them. While the database is away, all stays as it was."""
        began = time.monotonic()
        while not await told_to_stop(stop, 1.0):
            elapsed_seconds = (time.monotonic() - began) * self.requests.speed
            try:
                await asyncio.to_thread(trouble.follow_cycle, self.database, elapsed_seconds)
                self._feel(await asyncio.to_thread(trouble.all_on, self.database))
                await self.on_call.look_after(self.habits.on)
            except SQLAlchemyError as error:
                print(f"Cannot read the table trouble: {error}", file=sys.stderr, flush=True)
            self.claims.office.out_of_sight = frozenset(self.on_call.closed)

    def _feel(self, on: frozenset[str]) -> None:
        self.habits.on = on
        self.requests.office.absent = frozenset({ABSENT.name} if trouble.ABSENT_APPROVER in on else ())
        self.claims.office.absent = frozenset({SILENT.name} if trouble.SILENT_VENDOR in on else ())

    async def _catch_requests(self, on: frozenset[str]) -> None:
        if trouble.VENDOR_OUTAGE in on:
            await self.requests.bring(
                CAUGHT_BY_OUTAGE,
                lambda arriving: arriving.request.region in trouble.OFFLINE_REGIONS,
                lambda status: status.stage is request.Stage.DELIVERY,
            )

    async def _catch_claims(self, on: frozenset[str]) -> None:
        if trouble.STEP_PAUSED in on:
            await self.claims.bring(
                CAUGHT_BY_LIMIT,
                lambda arriving: (arriving.notice.cover, arriving.notice.region) == ("motor", trouble.LIMITED_REGION),
                lambda status: status.stage is claim.Stage.ESTIMATE,
            )
        if trouble.NO_WORKER in on:
            await self.claims.bring(
                CAUGHT_ABROAD,
                lambda arriving: arriving.notice.region == ABROAD and arriving.notice.cover == "water",
                lambda status: status.stage in (claim.Stage.PAYOUT, claim.Stage.FOLLOW_UP),
            )
