"""`sync` asked to end in the middle of its work: it ends soon, says so by its exit code, and loses nothing."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.app.conftest import PATIENCE_SECONDS, ROOT
from tests.app.test_killed import events_here, events_there
from tests.faults.conftest import Company
from tests.fixtures.temporal import dev_server

RUNS = 300
LATER_SECONDS = (0.0, 0.5, 1.0, 2.0)
ENDED_BY_SIGNAL = 130
CONFIG = """
[[temporal]]
profile_file = "temporal.toml"
requests_per_second = 50
"""


async def populate(address: str) -> None:
    client = await Client.connect(address)
    for number in range(RUNS):
        await client.start_workflow("ServiceRequest", id=f"request-{number}", task_queue="nobody")


def wait_until_written(log: Path, process: subprocess.Popen[str]) -> None:
    """Until the sync has written something: its log is there, and not the one that an earlier sync left."""
    before = log.stat().st_mtime_ns if log.exists() else 0
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not log.exists() or log.stat().st_size == 0 or log.stat().st_mtime_ns == before:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)


def end(company: Company, number: signal.Signals, later_seconds: float) -> tuple[int, str]:
    """Ask a sync to end so long after it first wrote; its exit code and what it said."""
    command = [sys.executable, "-m", "app.cli", "sync", "--config", str(company.config)]
    with subprocess.Popen(
        command, cwd=ROOT, env=dict(os.environ), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        wait_until_written(company.warehouse.with_name(company.warehouse.name + ".wal"), process)
        time.sleep(later_seconds)  # not waiting for anything: the moment is the test
        process.send_signal(number)
        _, told = process.communicate(timeout=20)
    return process.returncode, told


@pytest.mark.server
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_sync_that_is_asked_to_end_again_and_again_ends_soon_and_loses_and_doubles_nothing(
    company: Company, number: signal.Signals, many_requests: str
) -> None:
    company.configure(CONFIG)
    (company.folder / "temporal.toml").write_text(f'[profile.default]\naddress = "{many_requests}"\n')
    partly = []
    for later_seconds in LATER_SECONDS:
        code, told = end(company, number, later_seconds)
        here, differing = events_here(company.warehouse)
        assert code == ENDED_BY_SIGNAL, told
        assert "Traceback" not in told
        assert differing == {}
        partly.append(here)
    assert len(here) < RUNS, "none was ended in the middle"

    again = company.run("sync")

    assert again.returncode == 0, again.stderr
    here, differing = events_here(company.warehouse)
    there = asyncio.run(events_there(many_requests))
    assert here == there
    assert all(events == there[run][: len(events)] for part in partly for run, events in part.items())
    assert len(here) == RUNS
    assert differing == {}


@pytest.fixture(scope="module")
def many_requests() -> Iterator[str]:
    """The address of a server with more runs than a sync reads in a moment."""
    with dev_server() as server:
        asyncio.run(populate(server.address))
        yield server.address
