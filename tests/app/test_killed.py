"""`sync` killed at random moments against the running company: nothing lost, nothing doubled."""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import (
    GetWorkflowExecutionHistoryRequest,
    ListWorkflowExecutionsRequest,
)
from temporalio.client import Client

import warehouse
from tests.app.conftest import ROOT, Company
from tests.fixtures.temporal import dev_server
from warehouse.comparison import differing_rows

# Enough to hit reading, writing and deriving; more on demand.
KILLS = int(os.environ.get("STREAMGAUGE_KILLS", "4"))

# The company stands still once its worker and people are gone and the last timer has fired.
SETTLING_SECONDS = 180

Events = dict[str, list[tuple[int, int]]]

CONFIG = """
[[temporal]]
name = "main"
profile_file = "temporal.toml"
requests_per_second = 400
visibility_per_second = 20

[[databases]]
name    = "crm"
url_env = "CRM_DATABASE_URL"
tables  = [{ name = "requests", key = ["id"], cursor = "updated_at" },
           { name = "approvals", key = ["id"], cursor = "updated_at" }]
"""


@contextmanager
def process(*words: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, "-m", *words], cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, text=True
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


async def events_there(address: str) -> Events:
    """Event ids and types of every run, asked of Temporal directly."""
    service = (await Client.connect(address)).workflow_service
    listed = await service.list_workflow_executions(
        ListWorkflowExecutionsRequest(namespace="default", page_size=1000), retry=True
    )
    found: Events = {}
    for info in listed.executions:
        request = GetWorkflowExecutionHistoryRequest(
            namespace="default",
            execution=WorkflowExecution(workflow_id=info.execution.workflow_id, run_id=info.execution.run_id),
        )
        events = []
        while True:
            page = await service.get_workflow_execution_history(request, retry=True)
            events += [(event.event_id, event.event_type) for event in page.history.events if event.task_id]
            if not page.next_page_token:
                break
            request.next_page_token = page.next_page_token
        found[info.execution.run_id] = events
    return found


def events_here(path: Path) -> tuple[Events, dict[str, int]]:
    """The same of the warehouse, and the derived rows that a rebuild would make differently."""
    opened = warehouse.open_warehouse(path)
    con = opened.cursor()
    found: Events = {}
    for row in warehouse.rows(
        con,
        "SELECT run.run_id, event.event_id, event.type FROM event JOIN run ON run.run_key = event.run_key "
        "ORDER BY event.run_key, event.event_id",
    ):
        found.setdefault(row["run_id"], []).append((row["event_id"], row["type"]))
    differing = differing_rows(con)
    con.close()
    opened.close()
    return found, differing


def beginnings(of: Events, whole: Events) -> bool:
    """Whether each history of `of` is how the same one of `whole` begins, event for event."""
    return all(whole.get(run, [])[: len(events)] == events for run, events in of.items())


async def settled(company: Company, address: str, postgres_url: str) -> tuple[Events, Events, dict[str, int]]:
    """Both sides after a round that nothing happened beside.

    Until then timers and time-outs go on writing in Temporal: each round must bring all that was there before it, and
    nothing that is not there after it.
    """
    deadline = time.monotonic() + SETTLING_SECONDS
    before = await events_there(address)
    while True:
        done = await asyncio.to_thread(company.run_apart, "sync", CRM_DATABASE_URL=postgres_url)
        assert done.returncode == 0, done.stderr
        there = await events_there(address)
        here, differing = events_here(company.warehouse)
        assert beginnings(before, here) and beginnings(here, there)
        if before == there or time.monotonic() > deadline:
            return there, here, differing
        before = there


@pytest.mark.server
@pytest.mark.postgres
@pytest.mark.timeout(600)
def test_a_sync_that_is_killed_again_and_again_loses_and_doubles_nothing(tmp_path: Path, postgres_url: str) -> None:
    company = Company(tmp_path)
    company.configure(CONFIG)
    chance = random.Random(7)
    with dev_server() as server:
        (tmp_path / "temporal.toml").write_text(f'[profile.default]\naddress = "{server.address}"\n')
        environment = {"TEMPORAL_ADDRESS": server.address, "CRM_DATABASE_URL": postgres_url}
        subprocess.run(
            [sys.executable, "-m", "sample_data.company", "create"], cwd=ROOT, env=os.environ | environment, check=True
        )
        with (
            process("sample_data.worker", environment=environment),
            process("sample_data.people", "--speed", "10", "--open-with", "20", environment=environment) as people,
        ):
            assert people.stdout is not None and people.stdout.readline().startswith("ready people")
            sync = ("app.cli", "sync", "--every", "1s", "--config", str(company.config))
            for _ in range(KILLS):
                with process(*sync, environment=environment):
                    time.sleep(chance.uniform(1.0, 5.0))  # not waiting for anything: the moment is the test
        there, here, differing = asyncio.run(settled(company, server.address, postgres_url))

    assert len(there) > 20
    assert {run: events for run, events in here.items() if events != there.get(run)} == {}
    assert there.keys() == here.keys()
    assert differing == {}
