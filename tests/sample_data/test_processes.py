"""The company's processes: they say when they are ready, end when told to, and do not outlive who started them."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import func, select

from sample_data import company
from sample_data.tables import LEDGER, REQUESTS, open_database
from tests.fixtures.temporal import dev_server
from tests.sample_data.conftest import eventually

pytestmark = pytest.mark.server
ROOT = Path(__file__).parents[2]


@contextmanager
def process(module: str, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """One of the company's processes; killed at the end if it is still there."""
    child = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


@pytest.fixture
def crm(database_url: str) -> dict[str, str]:
    engine = open_database(database_url)
    company.create_company(engine, kept_off=["bad-release"])  # A worker logs what the bug breaks; else it is quiet.
    engine.dispose()
    return {"CRM_DATABASE_URL": database_url}


async def line(child: subprocess.Popen[str]) -> str:
    """The next line on stdout."""
    assert child.stdout is not None
    return (await asyncio.wait_for(asyncio.to_thread(child.stdout.readline), 60)).strip()


async def told_to_stop(child: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[int, str]:
    """The exit code and stderr after a signal."""
    child.send_signal(number)
    _, errors = await asyncio.to_thread(child.communicate, timeout=60)
    return child.returncode, errors


@pytest.mark.timeout(180)
def test_the_company_runs_by_itself_and_ends_when_told_to(crm):
    async def story() -> None:
        with dev_server() as server:
            everything = crm | {"TEMPORAL_ADDRESS": server.address}
            with (
                process("sample_data.worker", **everything) as worker,
                process("sample_data.people", "--speed", "40", "--open-with", "12", **everything) as people,
            ):
                assert await line(worker) == "ready worker service-requests claims vendor payments payments-abroad"
                assert (await line(people)).startswith("ready people 12 requests, 12 claims in ")
                database = open_database(crm["CRM_DATABASE_URL"])
                settled = _count(database, LEDGER.c.settled_at.is_not(None))
                await eventually(lambda: _count(database, LEDGER.c.settled_at.is_not(None)) > settled, 120)
                await eventually(lambda: _count(database, REQUESTS.c.id.is_not(None)) > 12)
                database.dispose()
                assert await told_to_stop(people) == (0, "")
                assert await told_to_stop(worker, signal.SIGINT) == (0, "")

    asyncio.run(story())


def test_people_end_while_they_are_still_opening(crm):
    async def story() -> None:
        with dev_server() as server, process("sample_data.people", **crm, TEMPORAL_ADDRESS=server.address) as people:
            await eventually(lambda: _is_connected(people.pid))
            assert await told_to_stop(people) == (0, "")

    asyncio.run(story())


@pytest.mark.parametrize("module", ["sample_data.worker", "sample_data.people"])
def test_without_temporal_there_is_one_sentence_and_exit_code_1(crm, module):
    with process(module, **crm, TEMPORAL_ADDRESS="127.0.0.1:1") as child:
        output, errors = child.communicate(timeout=60)

    assert (child.returncode, output) == (1, "")
    assert errors.startswith("Error: Temporal at 127.0.0.1:1: ")
    assert errors.count("\n") == 1


@pytest.mark.parametrize("module", ["sample_data.worker", "sample_data.people", "sample_data.company"])
def test_without_a_database_url_it_is_a_usage_error(module):
    environment = {name: value for name, value in os.environ.items() if name != "CRM_DATABASE_URL"}

    answer = subprocess.run([sys.executable, "-m", module], cwd=ROOT, env=environment, capture_output=True, text=True)

    assert answer.returncode == 2
    assert "--database-url" in answer.stderr


def test_the_worker_ends_when_its_parent_is_killed(crm):
    """On Linux: the kernel sends the signal."""
    start = "import subprocess, sys; subprocess.Popen([sys.executable, '-m', 'sample_data.worker']).wait()"

    async def story() -> None:
        with dev_server() as server:
            environment = os.environ | crm | {"TEMPORAL_ADDRESS": server.address}
            parent = subprocess.Popen(
                [sys.executable, "-c", start], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
            )
            assert await line(parent) == "ready worker service-requests claims vendor payments payments-abroad"
            [worker] = psutil.Process(parent.pid).children()

            parent.kill()

            await eventually(lambda: not worker.is_running())
            parent.communicate()

    asyncio.run(story())


def _count(database, condition) -> int:
    with database.connect() as connection:
        return connection.execute(select(func.count()).where(condition)).scalar()


def _is_connected(pid: int) -> bool:
    return any(connection.status == psutil.CONN_ESTABLISHED for connection in psutil.Process(pid).net_connections())
