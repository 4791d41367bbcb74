"""What histories never hold, as a real server tells it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.api.workflowservice.v1 import PauseWorkflowExecutionRequest, UnpauseWorkflowExecutionRequest

from tests.fixtures.workflows import Story, broken, storyteller, until

pytestmark = pytest.mark.server


async def sampled(mirror: Any, holds: Any) -> bool:
    """Whether, after one more round, the newest sample of the only run holds."""
    await mirror.round()
    runs = mirror.runs()
    return len(runs) == 1 and any(holds(row) for row in mirror.pending(next(iter(runs))))


def test_a_retrying_activity_shows_its_attempt_and_its_last_failure(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            handle = await client.start_workflow(
                Story.run, [["refuse", "Ada"]], id=mirror.prefix, task_queue=mirror.queue
            )
            await until(lambda: sampled(mirror, lambda row: (row["attempt"] or 0) >= 3 and row["failure_message"]))
            (row,) = mirror.pending(mirror.run(mirror.prefix)["run_id"])
            await handle.terminate()
        assert (row["kind"], row["name"], row["reference"]) == ("activity", "refuse", "1")
        assert (row["failure_message"], row["failure_type"]) == ("no luck with Ada", "NoLuck")
        assert row["worker"] and row["scheduled_at"] and row["maximum_attempts"] is None

    asyncio.run(story())


def test_a_failing_worker_turn_is_sampled_and_its_made_up_events_are_not_kept(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        broken.add(mirror.prefix)
        handle = await client.start_workflow(
            Story.run, [["break"], ["wait", "go"]], id=mirror.prefix, task_queue=mirror.queue
        )
        async with storyteller(client, mirror.queue):
            await until(lambda: sampled(mirror, lambda row: row["kind"] == "worker turn" and row["attempt"] >= 2))
            run_id = mirror.run(mirror.prefix)["run_id"]
            assert [kind for _, kind, _ in mirror.events(run_id)] == [1, 5, 6, 9]
            assert mirror.event(run_id, 9)["cause"] == "workflow worker unhandled failure"
            assert mirror.event(run_id, 9)["failure_message"] == "the code is broken"
            broken.discard(mirror.prefix)
            # The real events take the ids that the made-up ones had.
            await handle.signal(Story.tell, {"word": "go"})
            await until(lambda: closed(mirror), seconds=40)
        await mirror.assert_equals_temporal()

    async def closed(mirror: Any) -> bool:
        await mirror.round()
        return bool(mirror.run(mirror.prefix)["is_complete"])

    asyncio.run(story())


def test_a_paused_run_is_open_and_says_who_paused_it(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        await client.start_workflow(Story.run, [], id=mirror.prefix, task_queue=mirror.queue)
        await client.workflow_service.pause_workflow_execution(
            PauseWorkflowExecutionRequest(
                namespace="default", workflow_id=mirror.prefix, identity="ada", reason="a bank holiday", request_id="1"
            )
        )
        await until(lambda: sampled(mirror, lambda row: row["kind"] == "paused"))
        run = mirror.run(mirror.prefix)
        assert (run["status"], run["closed_at"], run["is_complete"]) == ("paused", None, False)
        (paused,) = (row for row in mirror.pending(run["run_id"]) if row["kind"] == "paused")
        assert (paused["actor"], paused["reason"]) == ("ada", "a bank holiday")
        event = mirror.event(run["run_id"], 58)
        assert (event["identity"], event["failure_message"]) == ("ada", "a bank holiday")
        assert (await mirror.round()).open_there == 1
        await client.workflow_service.unpause_workflow_execution(
            UnpauseWorkflowExecutionRequest(namespace="default", workflow_id=mirror.prefix, request_id="2")
        )
        await until(lambda: runs_again(mirror))
        await client.get_workflow_handle(mirror.prefix).terminate()

    async def runs_again(mirror: Any) -> bool:
        await mirror.round()
        return bool(mirror.run(mirror.prefix)["status"] == "running")

    asyncio.run(story())


def test_a_queue_that_nobody_polls_has_a_backlog_and_no_poller(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            await client.start_workflow(
                Story.run, [["lonely", f"{mirror.queue}-ghost"]], id=mirror.prefix, task_queue=mirror.queue
            )
            mirror.sampling_seconds = 0.01
            await until(lambda: sampled(mirror, lambda row: row["kind"] == "activity"))
            await until(lambda: backlog(mirror))
            queues = {(row["task_queue"], row["kind"]): row for row in mirror.rows("SELECT * FROM task_queue")}
        assert queues[mirror.queue, "workflow"]["pollers"] >= 1
        ghost = queues[f"{mirror.queue}-ghost", "activity"]
        assert (ghost["pollers"], ghost["last_poll_at"], ghost["backlog"]) == (0, None, 1)
        assert ghost["backlog_age_seconds"] >= 0
        await client.get_workflow_handle(mirror.prefix).terminate()

    async def backlog(mirror: Any) -> bool:
        await mirror.round()
        newest = mirror.rows("SELECT * FROM task_queue WHERE kind = 'activity' ORDER BY sampled_at DESC LIMIT 1")
        return bool(newest and newest[0]["backlog"])

    asyncio.run(story())


def test_a_pending_child_is_named_with_the_event_that_began_it(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            await client.start_workflow(
                Story.run,
                [["child", f"{mirror.prefix}-c", [["wait", "go"]]]],
                id=mirror.prefix,
                task_queue=mirror.queue,
            )
            await until(lambda: both(mirror))
        parent, child = mirror.run(mirror.prefix), mirror.run(f"{mirror.prefix}-c")
        (row,) = (row for row in mirror.pending(parent["run_id"]) if row["kind"] == "child")
        assert (row["name"], row["reference"]) == ("Story", child["run_id"])
        assert row["event_id"] == mirror.event(parent["run_id"], 29)["event_id"]
        await client.get_workflow_handle(mirror.prefix).terminate()

    async def both(mirror: Any) -> bool:
        await mirror.round()
        parents = mirror.rows("SELECT 1 FROM pending WHERE kind = 'child' AND reference IS NOT NULL")
        return (
            len(mirror.runs()) == 2 and len(parents) > 0 and len(mirror.rows("SELECT 1 FROM event WHERE type=31")) == 1
        )

    asyncio.run(story())


def test_a_run_that_does_not_change_is_sampled_only_once_per_interval(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        await client.start_workflow(Story.run, [], id=mirror.prefix, task_queue=mirror.queue)
        now = datetime.now(UTC)
        mirror.clock = lambda: now
        await until(lambda: sampled(mirror, lambda row: row["kind"] == "worker turn"))
        for seconds, samples in [(9, 1), (10, 2), (11, 2), (20, 3)]:
            mirror.clock = lambda seconds=seconds: now + timedelta(seconds=seconds)
            await mirror.round()
            assert mirror.rows("SELECT count(*) AS n FROM pending") == [{"n": samples}]
        await client.get_workflow_handle(mirror.prefix).terminate()

    asyncio.run(story())
