"""How runs hang together, as a real server tells it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleSpec,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.common import RetryPolicy

from tests.fixtures.workflows import Story, storyteller, until

pytestmark = pytest.mark.server


async def reset(client: Client, handle: WorkflowHandle[Any, Any], event_id: int) -> str:
    answer = await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace="default",
            workflow_execution=WorkflowExecution(workflow_id=handle.id, run_id=handle.run_id or ""),
            reason="test",
            workflow_task_finish_event_id=event_id,
            request_id=f"reset-{handle.id}-{handle.run_id}",
        )
    )
    return answer.run_id


async def mirrored(mirror: Any, runs: int, *, complete: int) -> bool:
    await mirror.round()
    found = mirror.runs().values()
    return len(found) >= runs and sum(run["is_complete"] for run in found) >= complete


def test_a_continued_run_names_its_predecessor_and_its_successor(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            handle = await client.start_workflow(
                Story.run, [["continue", [["greet", "x"]]]], id=mirror.prefix, task_queue=mirror.queue
            )
            await handle.result()
        await until(lambda: mirrored(mirror, 2, complete=2))
        await mirror.assert_equals_temporal()
        first, second = sorted(mirror.runs().values(), key=lambda run: run["started_at"])
        assert (first["status"], first["next_run_id"], first["continued_run_id"]) == (
            "continued_as_new",
            second["run_id"],
            None,
        )
        assert (second["first_run_id"], second["continued_run_id"]) == (first["run_id"], first["run_id"])
        assert (second["initiator"], second["next_run_id"]) == ("workflow", None)

    asyncio.run(story())


def test_a_reset_run_names_its_base_and_keeps_the_copied_events_and_so_does_a_reset_of_it(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            base = await client.start_workflow(
                Story.run, [["greet", "x"], ["wait", "go"]], id=mirror.prefix, task_queue=mirror.queue
            )
            await until(lambda: waits(mirror, 1))
            second = await reset(client, base, 4)
            await until(lambda: waits(mirror, 1))
            third = await reset(client, client.get_workflow_handle(mirror.prefix, run_id=second), 4)
            await until(lambda: waits(mirror, 1))
            await client.get_workflow_handle(mirror.prefix).signal(Story.tell, {"word": "go"})
        await until(lambda: mirrored(mirror, 3, complete=2))
        runs = mirror.runs()
        first = runs[base.result_run_id]
        assert (first["status"], first["base_run_id"], first["next_run_id"]) == ("terminated", None, None)
        assert (runs[second]["base_run_id"], runs[second]["initiator"]) == (first["run_id"], None)
        assert (runs[third]["base_run_id"], runs[third]["continued_run_id"]) == (second, None)
        assert {run["first_run_id"] for run in runs.values()} == {first["run_id"]}
        assert first["started_at"] < runs[second]["started_at"] < runs[third]["started_at"]
        copied = [event for event in mirror.events(third) if event in mirror.events(base.result_run_id)]
        assert [event_id for event_id, _, _ in copied] == [1, 2, 3]
        assert mirror.event(second, 9)["cause"] == "reset workflow"
        await mirror.round()
        await mirror.assert_equals_temporal()

    async def waits(mirror: Any, count: int) -> bool:
        """The open run has greeted and waits: nothing of it is under way."""
        await mirror.round()
        open_runs = [run for run in mirror.runs().values() if not run["closed_at"]]
        ended = [run for run in open_runs if [event[1] for event in mirror.events(run["run_id"])][-4:] == [12, 5, 6, 7]]
        return len(open_runs) == len(ended) == count

    asyncio.run(story())


def test_a_retried_run_names_the_run_it_retries(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        policy = RetryPolicy(initial_interval=timedelta(milliseconds=10), maximum_attempts=2)
        async with storyteller(client, mirror.queue):
            handle = await client.start_workflow(
                Story.run, [["fail", "no"]], id=mirror.prefix, task_queue=mirror.queue, retry_policy=policy
            )
            with pytest.raises(WorkflowFailureError):
                await handle.result()
        await until(lambda: mirrored(mirror, 2, complete=2))
        first, second = sorted(mirror.runs().values(), key=lambda run: run["attempt"])
        assert (first["attempt"], first["status"], first["next_run_id"]) == (1, "failed", second["run_id"])
        assert (second["attempt"], second["initiator"], second["next_run_id"]) == (2, "retry", None)
        ended = [mirror.event(run["run_id"], 3) for run in (first, second)]
        assert [event["cause"] for event in ended] == ["in progress", "maximum attempts reached"]
        assert {(event["failure_message"], event["failure_type"]) for event in ended} == {("no", "StoryError")}

    asyncio.run(story())


def test_a_cron_firing_names_its_schedule_and_the_firing_before(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            handle = await client.start_workflow(
                Story.run, [], id=mirror.prefix, task_queue=mirror.queue, cron_schedule="@every 1s"
            )
            await until(lambda: mirrored(mirror, 2, complete=1))
            await handle.terminate("enough")
        runs = sorted(mirror.runs().values(), key=lambda run: run["started_at"])
        assert {run["cron_schedule"] for run in runs} == {"@every 1s"}
        assert (runs[1]["initiator"], runs[1]["continued_run_id"]) == ("cron", runs[0]["run_id"])
        assert runs[0]["next_run_id"] == runs[1]["run_id"]
        assert runs[1]["execution_at"] > runs[1]["started_at"]

    asyncio.run(story())


def test_a_scheduled_run_names_its_schedule(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        action = ScheduleActionStartWorkflow(Story.run, args=[[]], id=mirror.prefix, task_queue=mirror.queue)
        schedule = await client.create_schedule(f"{mirror.prefix}-s", Schedule(action=action, spec=ScheduleSpec()))
        async with storyteller(client, mirror.queue):
            await schedule.trigger()
            await until(lambda: mirrored(mirror, 1, complete=1))
        await schedule.delete()
        (run,) = mirror.runs().values()
        assert run["schedule_id"] == f"{mirror.prefix}-s"
        assert (run["initiator"], run["cron_schedule"], run["first_run_id"]) == (None, None, run["run_id"])

    asyncio.run(story())


def test_children_name_their_parent_and_an_abandoned_one_is_told_by_its_parent(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            await client.execute_workflow(
                Story.run,
                [["child", f"{mirror.prefix}-a", []], ["abandon", f"{mirror.prefix}-b", [["wait", "go"]]]],
                id=mirror.prefix,
                task_queue=mirror.queue,
            )
            await until(lambda: mirrored(mirror, 3, complete=2))
        parent, awaited, abandoned = (mirror.run(mirror.prefix + suffix) for suffix in ("", "-a", "-b"))
        initiated = {
            row["reference"]: row for row in mirror.rows("SELECT * FROM event WHERE type = 29 ORDER BY event_id")
        }
        assert initiated[awaited["workflow_id"]]["cause"] == "terminate"
        assert initiated[abandoned["workflow_id"]]["cause"] == "abandon"
        for child in (awaited, abandoned):
            assert (child["parent_workflow_id"], child["parent_run_id"]) == (parent["workflow_id"], parent["run_id"])
            assert child["parent_event_id"] == initiated[child["workflow_id"]]["event_id"]
        ended = mirror.event(parent["run_id"], 32)
        assert (ended["reference"], ended["answers_event_id"]) == (awaited["run_id"], awaited["parent_event_id"])
        assert (abandoned["status"], abandoned["closed_at"]) == ("running", None)

    asyncio.run(story())


def test_a_delayed_start_says_when_it_may_begin(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        await client.start_workflow(
            Story.run, [], id=mirror.prefix, task_queue=mirror.queue, start_delay=timedelta(hours=1)
        )
        await until(lambda: mirrored(mirror, 1, complete=0))
        run = mirror.run(mirror.prefix)
        assert timedelta(minutes=59) < run["execution_at"] - run["started_at"] <= timedelta(hours=1, seconds=1)
        assert [kind for _, kind, _ in mirror.events(run["run_id"])] == [1]
        assert [row["kind"] for row in mirror.pending(run["run_id"])] == ["none"]

    asyncio.run(story())
