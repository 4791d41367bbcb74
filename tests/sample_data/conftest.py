"""A whole company in a few seconds: Temporal's dev server, an SQLite database, a worker, and people to act as."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic

import pytest
from sqlalchemy import Engine, Table, select
from temporalio.client import Client, WorkflowHandle

from sample_data.acts import Act, Seen
from sample_data.claim import behaviour as of_claims
from sample_data.claim import messages as claim
from sample_data.claim.starting import start_claim
from sample_data.company import create_company
from sample_data.contact import Contact
from sample_data.opening import walk_until
from sample_data.service_request import behaviour as of_requests
from sample_data.service_request.messages import Request, Status, Terms
from sample_data.service_request.starting import start_request
from sample_data.tables import open_database
from sample_data.worker import workers
from tests.fixtures.temporal import dev_server

Story = Callable[["Company"], Coroutine[None, None, None]]


@dataclass(frozen=True)
class Work(Generic[Seen]):
    """What a test needs of a running company, for one of its streams."""

    client: Client
    contact: Contact[Seen]
    straight_answer: Callable[[Seen], Act | None]
    database: Engine
    url: str
    prefix: str = ""

    def id(self, name: str) -> str:
        """The workflow id of what the test calls by this name."""
        return self.prefix + name

    def run(self, name: str) -> WorkflowHandle[object, object]:
        """The run of a case."""
        return self.client.get_workflow_handle(self.id(name))

    async def look(self, name: str) -> Seen | None:
        """Where a case is."""
        return await self.contact.look(self.id(name))

    async def until(self, name: str, message: str) -> Seen:
        """Answer for everybody until the case waits for this message."""

        def arrived(status: Seen) -> bool:
            return status.waiting_for == message

        return await walk_until(self.contact, self.straight_answer, self.id(name), arrived)

    async def act(self, name: str, by: str, verb: str, message: str, argument: object = None) -> bool:
        """Have one person do one thing now."""
        return await self.contact.perform(self.id(name), Act(0, by, verb, message, argument))

    async def result(self, name: str) -> dict[str, object]:
        """How a case ended."""
        async with asyncio.timeout(60):
            return await self.run(name).result()

    def rows(self, table: Table, name: str) -> list[dict[str, object]]:
        """The rows of a case, in the order in which they were written."""
        query = select(table).where(table.c.workflow_id == self.id(name)).order_by(table.c.id)
        with self.database.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]


class Company(Work[Status]):
    """The company, where service requests are handled."""

    async def ask(self, name: str, terms: Terms | None = None, **what: object) -> None:
        """Start a request as the customer Abel Moreno."""
        request = Request(customer_id="C-001", **{"product": "laptop", "region": "east", "priority": 3, **what})
        arrival = of_requests.Arrival(request, "customer", "Abel Moreno")
        await start_request(self.contact.line(arrival.by), self.id(name), arrival, terms or Terms())

    @property
    def claims(self) -> "Claims":
        """The company, where claims are handled."""
        contact = Contact(self.client, "Claim", claim.Status)
        return Claims(self.client, contact, of_claims.straight_answer, self.database, self.url, self.prefix)


class Claims(Work[claim.Status]):
    """The company, where claims are handled."""

    async def tell(self, name: str, terms: claim.Terms | None = None, **what: object) -> None:
        """Start a claim as the customer Abel Moreno; the bank is quick unless the terms say otherwise."""
        known = {"cover": "water", "region": "east", "claimed_cents": 100_000}
        notice = claim.Notice(customer_id="C-001", **{**known, **what})
        arrival = of_claims.Arrival(notice, "customer", "Abel Moreno")
        quick = claim.Terms(value_date_seconds=0.1)
        await start_claim(self.contact.line(arrival.by), self.id(name), arrival, terms or quick)


@asynccontextmanager
async def running_company(database_url: str) -> AsyncIterator[Company]:
    """Everything but the people's own initiative: the test acts for them."""
    database = open_database(database_url)
    create_company(database)
    async with AsyncExitStack() as stack:
        client = await Client.connect(stack.enter_context(dev_server()).address)
        threads = stack.enter_context(ThreadPoolExecutor(10))
        for worker in workers(client, database, threads):
            await stack.enter_async_context(worker)
        contact = Contact(client, "ServiceRequest", Status)
        yield Company(client, contact, of_requests.straight_answer, database, database_url)
    database.dispose()


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """An SQLite database of the test's own."""
    return f"sqlite:///{tmp_path / 'crm.db'}"


@pytest.fixture(scope="module")
def company_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Company]]:
    """One company for all tests of a file, which take turns in its event loop."""
    database_url = f"sqlite:///{tmp_path_factory.mktemp('company') / 'crm.db'}"
    stack = AsyncExitStack()
    with asyncio.Runner() as runner:
        try:
            yield runner, runner.run(stack.enter_async_context(running_company(database_url)))
        finally:
            runner.run(stack.aclose())


@pytest.fixture
def in_company(
    company_of_module: tuple[asyncio.Runner, Company], request: pytest.FixtureRequest
) -> Callable[[Story], None]:
    """Run an async test inside the company; the cases it names are its own."""
    runner, company = company_of_module
    own = replace(company, prefix=f"{request.node.name}/")
    return lambda story: runner.run(story(own))


async def eventually(claim: Callable[[], Awaitable[bool]] | Callable[[], bool], within_seconds: float = 60) -> None:
    """Wait until the claim holds; fail when it does not in time."""
    async with asyncio.timeout(within_seconds):
        while True:
            held = claim()
            if (await held) if not isinstance(held, bool) else held:
                return
            await asyncio.sleep(0.05)
