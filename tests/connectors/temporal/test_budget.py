"""What a mirror asks of a cluster, by the cluster's own count."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.fixtures.temporal import dev_server, free_port
from tests.fixtures.workflows import Story, storyteller, until

pytestmark = pytest.mark.server

RUNS = 40
PER_SECOND = 20
VISIBILITY_PER_SECOND = 2
HISTORY = "PollWorkflowExecutionHistory"  # What the server calls reading a history with a long poll.
VISIBILITY = {"ListWorkflowExecutions", "CountWorkflowExecutions"}
ASKED = VISIBILITY | {
    "DescribeWorkflowExecution",
    HISTORY,
    "DescribeTaskQueue",
    "DescribeNamespace",
}
NEVER = {"QueryWorkflow", "SignalWorkflowExecution", "TerminateWorkflowExecution", "ResetWorkflowExecution"}
REQUESTS = re.compile(r"^service_requests\{(?P<labels>[^}]*)\} (?P<count>\S+)$", re.MULTILINE)


class Counted:
    """The server's own count of what its frontend was asked, by operation."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/metrics"

    def __call__(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for match in REQUESTS.finditer(httpx.get(self.url, timeout=10).text):
            labels = dict(part.split("=", 1) for part in match["labels"].split(","))
            operation = labels["operation"].strip('"')
            is_ours = labels["service_name"] == '"frontend"' and labels["namespace"] == '"default"'
            if is_ours and operation in ASKED | NEVER:
                found[operation] = found.get(operation, 0) + int(float(match["count"]))
        return found


def grown(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: after[name] - before.get(name, 0) for name in after if after[name] > before.get(name, 0)}


async def rates(counted: Counted, is_over: Callable[[], bool]) -> list[tuple[float, int, int]]:
    """The server's counts (all, visibility) every fifth of a second, until told to stop."""
    seen = []
    while not is_over():
        counts = await asyncio.to_thread(counted)
        visibility = sum(counts.get(name, 0) for name in VISIBILITY)
        seen.append((time.monotonic(), sum(counts.values()), visibility))
        await asyncio.sleep(0.2)
    return seen


async def settled(counted: Counted) -> dict[str, int]:
    """The counts when they do not grow any more; the server publishes them about once a second."""
    deadline = time.monotonic() + 30
    counts = counted()
    while True:
        await asyncio.sleep(2)
        counts, earlier = counted(), counts
        if counts == earlier:
            return counts
        assert time.monotonic() < deadline, "the server's counts go on growing"


def assert_rate(seen: list[tuple[float, int, int]], column: int, per_second: float) -> None:
    """Between any two counts no more than the rate allows: a second's worth saved up, a second's delay in the count."""
    for index, earlier in enumerate(seen):
        for later in seen[index + 1 :]:
            assert later[column] - earlier[column] <= per_second * (later[0] - earlier[0] + 2)


def test_the_server_counts_what_the_mirror_counts_and_never_more_than_the_budget(
    mirror_of: Callable[..., Any],
) -> None:
    port = free_port()

    async def story(address: str) -> None:
        mirror = mirror_of(
            address, requests_per_second=PER_SECOND, visibility_per_second=VISIBILITY_PER_SECOND, sampling_seconds=0.1
        )
        counted = Counted(port)
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            for index in range(RUNS):
                await client.start_workflow(
                    Story.run, [["wait", "go"]], id=f"{mirror.prefix}-{index}", task_queue=mirror.queue
                )
            connection = await mirror.connect()
            await until(lambda: all_listed(connection))
            await until(lambda: all_still(client, mirror.prefix))
        # Nobody else asks the server for anything now.
        before, asked = await settled(counted), connection.budget.asked.requests
        is_over = False
        watching = asyncio.create_task(rates(counted, lambda: is_over))
        began_at = time.monotonic()
        results = [await mirror.round() for _ in range(3)]
        took = time.monotonic() - began_at
        is_over = True
        seen = await watching
        there = grown(before, await settled(counted))

        assert sum(there.values()) == sum(result.requests for result in results), there
        assert sum(there.values()) == connection.budget.asked.requests - asked
        assert there["DescribeWorkflowExecution"] == 3 * RUNS
        assert there[HISTORY] == RUNS
        assert there.keys() & NEVER == set()
        # A second's worth may be saved up; beyond it the rate holds.
        assert sum(there.values()) <= PER_SECOND * (took + 1)
        assert sum(there.get(name, 0) for name in VISIBILITY) <= VISIBILITY_PER_SECOND * (took + 1)
        assert_rate(seen, 1, PER_SECOND)
        assert_rate(seen, 2, VISIBILITY_PER_SECOND)

    async def all_listed(connection: Any) -> bool:
        return bool(await connection.count_runs(connection.config.query) == RUNS)

    async def all_still(client: Any, prefix: str) -> bool:
        told = [await client.get_workflow_handle(f"{prefix}-{index}").describe() for index in range(RUNS)]
        return all(
            each.history_length > 3 and not each.raw_description.HasField("pending_workflow_task") for each in told
        )

    with dev_server(options=["--metrics-port", str(port)]) as server:
        asyncio.run(story(server.address))
