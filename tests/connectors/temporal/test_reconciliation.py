"""Both sides say the same, or each run that differs is named, explained and read again."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest

import warehouse
from connectors.temporal.reconciliation import Reconciliation, reconcile
from tests.fixtures.workflows import Story, storyteller, until

pytestmark = pytest.mark.server

SOURCE = "main/default"


async def reconciled(mirror: Any, *, is_repairing: bool = True) -> Reconciliation:
    """Compare and repair, each batch written as the service would."""
    parts = reconcile(
        mirror.connection,
        here=warehouse.KeptRuns(mirror.con, SOURCE),
        known=lambda run_ids: warehouse.known_runs(mirror.con, SOURCE, run_ids),
        watermark=warehouse.watermark(mirror.con, SOURCE),
        is_repairing=is_repairing,
        clock=mirror.clock,
    )
    async for part in parts:
        if isinstance(part, Reconciliation):
            return part
        warehouse.write_batch(mirror.con, SOURCE, part, mirror.clock())
    raise AssertionError("a comparison ends with its result")


async def at_rest(mirror: Any, runs: int, closed: int) -> bool:
    await mirror.round()
    found = mirror.runs().values()
    return len(found) == runs and sum(run["is_complete"] for run in found) == closed


async def gone(mirror: Any) -> bool:
    """Whether Temporal's own list has lost the deleted run."""
    return bool(await mirror.connection.count_runs(mirror.connection.config.query) == 4)


def test_every_difference_is_named_explained_and_read_again(mirror: Any) -> None:
    ids = [f"{mirror.prefix}-{name}" for name in ("unread", "stale", "deleted", "quiet", "missed")]

    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            for workflow_id in ids:
                await client.start_workflow(Story.run, [["wait", "go"]], id=workflow_id, task_queue=mirror.queue)
            await client.get_workflow_handle(ids[4]).signal(Story.tell, {"word": "go"})
            await client.get_workflow_handle(ids[4]).result()
            await until(lambda: at_rest(mirror, 5, 1), seconds=40)
            mirror.clock = lambda: datetime.now(UTC) + timedelta(seconds=5)  # past the last close, to the microsecond
            settled = await reconciled(mirror)
            assert (settled.is_equal, settled.differences) == (True, ())
            assert (settled.open_here, settled.open_there, settled.error) == (4, 4, None)
            assert [(count.status, count.here, count.there) for count in settled.closed] == [("completed", 1, 1)]

            run_ids = {workflow_id: mirror.run(workflow_id)["run_id"] for workflow_id in ids}
            for forgotten in (ids[0], ids[4]):
                where = "WHERE run_key = (SELECT run_key FROM run WHERE workflow_id = $id)"
                mirror.con.execute(f"DELETE FROM event {where}", {"id": forgotten}).fetchall()
                mirror.con.execute("DELETE FROM run WHERE workflow_id = $id", {"id": forgotten}).fetchall()
            await client.get_workflow_handle(ids[1]).terminate("over")
            execution = WorkflowExecution(workflow_id=ids[2], run_id=run_ids[ids[2]])
            await client.workflow_service.delete_workflow_execution(
                DeleteWorkflowExecutionRequest(namespace="default", workflow_execution=execution)
            )
            await until(lambda: gone(mirror), seconds=90)
            await until(lambda: closed_there(mirror, ids[1]))

            told = await reconciled(mirror, is_repairing=False)
            assert {each.workflow_id: each.kind for each in told.differences} == {
                ids[0]: "orphan",
                ids[1]: "late",
                ids[2]: "ghost",
                ids[4]: "orphan",
            }
            assert not told.is_equal
            assert (told.open_here, told.open_there) == (3, 2)

            await reconciled(mirror)
            runs = {run["workflow_id"]: run for run in mirror.runs().values()}
            assert runs[ids[2]]["observed_until_at"] is not None  # lost from sight, its events kept
            assert mirror.events(run_ids[ids[2]]) != []
            assert (runs[ids[1]]["status"], runs[ids[4]]["status"]) == ("terminated", "completed")
            again = await reconciled(mirror)
            assert (again.differences, again.is_equal, again.open_here) == ((), True, 2)

    asyncio.run(story())


def test_activities_that_run_by_themselves_are_counted_and_not_mirrored(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        await client.start_activity(
            "greet", "x", id=mirror.prefix, task_queue=mirror.queue, start_to_close_timeout=timedelta(seconds=60)
        )
        await mirror.round()

        async def counted() -> bool:
            return (await reconciled(mirror)).standalone_activities >= 1

        await until(counted)
        assert mirror.runs() == {}

    asyncio.run(story())


async def closed_there(mirror: Any, workflow_id: str) -> bool:
    query = f"WorkflowId = '{workflow_id}' AND CloseTime IS NOT NULL"
    return bool(await mirror.connection.count_runs(query))
