"""A whole company in a few seconds: Temporal's dev server, an SQLite database, a worker, and people to act as."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, Table, select
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from sample_data.acts import Act
from sample_data.clients import add_search_attributes
from sample_data.company import create_company
from sample_data.contact import Contact
from sample_data.opening import walk_until
from sample_data.service_request.behaviour import Arrival
from sample_data.service_request.messages import Request, Status, Terms
from sample_data.service_request.starting import start_request
from sample_data.tables import open_database
from sample_data.worker import workers

TEMPORAL = shutil.which("temporal", path=str(Path(sys.executable).parent))


@dataclass(frozen=True)
class Company:
    """What a test needs of a running company."""

    client: Client
    contact: Contact[Status]
    database: Engine
    database_url: str

    async def ask(self, workflow_id: str, terms: Terms | None = None, **what: object) -> None:
        """Start a request as the customer Abel Moreno."""
        request = Request(customer_id="C-001", **{"product": "laptop", "region": "east", "priority": 3, **what})
        arrival = Arrival(request, "customer", "Abel Moreno")
        await start_request(self.contact.line(arrival.by), workflow_id, arrival, terms or Terms())

    async def until(self, workflow_id: str, message: str) -> Status:
        """Answer for everybody until the request waits for this message."""
        return await walk_until(self.contact, workflow_id, lambda status: status.waiting_for == message)

    async def act(self, workflow_id: str, by: str, verb: str, name: str, argument: object = None) -> bool:
        """Have one person do one thing now."""
        return await self.contact.perform(workflow_id, Act(0, by, verb, name, argument))

    async def result(self, workflow_id: str) -> dict[str, object]:
        """How a request ended."""
        async with asyncio.timeout(20):
            return await self.client.get_workflow_handle(workflow_id).result()

    def rows(self, table: Table, workflow_id: str) -> list[dict[str, object]]:
        """The rows of a request, in the order in which they were written."""
        query = select(table).where(table.c.workflow_id == workflow_id).order_by(table.c.id)
        with self.database.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]


@asynccontextmanager
async def running_company(database_url: str) -> AsyncIterator[Company]:
    """Everything but the people's own initiative: the test acts for them."""
    database = open_database(database_url)
    create_company(database)
    server = await WorkflowEnvironment.start_local(dev_server_existing_path=TEMPORAL, dev_server_log_level="error")
    async with server, AsyncExitStack() as stack:
        await add_search_attributes(server.client)
        threads = stack.enter_context(ThreadPoolExecutor(10))
        for worker in workers(server.client, database, threads):
            await stack.enter_async_context(worker)
        contact = Contact(server.client, "ServiceRequest", Status)
        yield Company(server.client, contact, database, database_url)
    database.dispose()


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """An SQLite database of the test's own."""
    return f"sqlite:///{tmp_path / 'crm.db'}"


@pytest.fixture
def in_company(database_url: str) -> Callable[[Callable[[Company], Awaitable[None]]], None]:
    """Run an async test inside a running company."""

    def run(test: Callable[[Company], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with running_company(database_url) as company:
                await test(company)

        asyncio.run(whole())

    return run


async def eventually(claim: Callable[[], Awaitable[bool]] | Callable[[], bool], within_seconds: float = 15) -> None:
    """Wait until the claim holds; fail when it does not in time."""
    async with asyncio.timeout(within_seconds):
        while True:
            held = claim()
            if (await held) if not isinstance(held, bool) else held:
                return
            await asyncio.sleep(0.05)
