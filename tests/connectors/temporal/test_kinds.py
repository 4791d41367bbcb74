"""Runs of every kind that a server can hold, mirrored exactly."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import nexusrpc
import pytest
from temporalio import nexus, workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.nexus.v1 import EndpointSpec, EndpointTarget
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, CreateNexusEndpointRequest
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest, UpdateWorkflowExecutionOptionsRequest
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import (
    Priority,
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
)
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.fixtures.history_events import Path
from tests.fixtures.streams import a_stream, put_in_force, stage
from tests.fixtures.workflows import Story, storyteller, until

pytestmark = pytest.mark.server

WHEN = datetime(2026, 3, 2, 12, tzinfo=UTC)
# The server's numbers for types of search attributes.
TYPES = {"text": 1, "keyword": 2, "int": 3, "float": 4, "bool": 5, "datetime": 6, "keyword_list": 7}
VALUES: dict[str, Any] = {
    "text": "two words",
    "keyword": "north",
    "int": 7,
    "float": 0.5,
    "bool": True,
    "datetime": WHEN,
    "keyword_list": ["a", "b"],
}


async def complete(mirror: Any, runs: int) -> bool:
    await mirror.round()
    found = mirror.runs().values()
    return len(found) >= runs and all(run["is_complete"] for run in found)


async def waiting(mirror: Any) -> bool:
    """Whether, after one more round, the only run is here up to a point where it waits."""
    await mirror.round()
    found = list(mirror.runs().values())
    return len(found) == 1 and any(kind == 7 for _, kind, _ in mirror.events(found[0]["run_id"]))


def test_a_run_that_is_deleted_is_lost_from_sight_and_what_was_read_stays(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            await client.start_workflow(Story.run, [["wait", "go"]], id=mirror.prefix, task_queue=mirror.queue)
            await until(lambda: waiting(mirror))
            run = mirror.run(mirror.prefix)
            kept = mirror.events(run["run_id"])
            execution = WorkflowExecution(workflow_id=mirror.prefix, run_id=run["run_id"])
            await client.workflow_service.delete_workflow_execution(
                DeleteWorkflowExecutionRequest(namespace="default", workflow_execution=execution)
            )

            async def lost() -> bool:
                await mirror.round()
                return mirror.run(mirror.prefix)["observed_until_at"] is not None or not mirror.rows(
                    "SELECT 1 FROM run WHERE closed_at IS NULL"
                )

            await until(lost, seconds=90)
        await mirror.round()
        run = mirror.run(mirror.prefix)
        # A server ends an open run before it deletes it: we saw the end, or lost the run while it was open.
        assert run["status"] == "terminated" or run["observed_until_at"] is not None
        assert mirror.events(run["run_id"])[: len(kept)] == kept
        assert mirror.rows("SELECT open_here, open_there FROM sync_round ORDER BY round_id DESC LIMIT 1") == [
            {"open_here": 0, "open_there": 0}
        ]

    asyncio.run(story())


def test_update_with_start_brings_the_start_and_the_update(mirror: Any) -> None:
    mirror.declared = (Path("update", "decide", "input.word"),)

    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            starting: Any = WithStartWorkflowOperation(
                Story.run,
                [["wait", "yes"]],
                id=mirror.prefix,
                task_queue=mirror.queue,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            )
            answer = await client.execute_update_with_start_workflow(
                Story.decide, {"word": "yes"}, start_workflow_operation=starting, id="u-1"
            )
            assert answer == {"accepted": "yes"}
            await until(lambda: complete(mirror, 1))
        await mirror.assert_equals_temporal()
        run_id = mirror.run(mirror.prefix)["run_id"]
        accepted = mirror.event(run_id, 41)
        assert (accepted["name"], accepted["reference"]) == ("decide", "u-1")
        assert (accepted["event_id"], "input.word", "yes") in mirror.attributes(run_id)

    asyncio.run(story())


def test_search_attributes_and_memo_of_every_type_arrive_as_text(mirror: Any) -> None:
    prefix = f"K{uuid.uuid4().hex[:8]}"
    mirror.declared = (Path("memo", None, "memo.owner.name"), Path("memo", None, "memo.amount"))

    async def story() -> None:
        client = await mirror.client()
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace="default",
                search_attributes={f"{prefix}{name}": number for name, number in TYPES.items()},  # type: ignore[misc]
            )
        )
        pairs = [
            SearchAttributePair(getattr(SearchAttributeKey, f"for_{name}")(f"{prefix}{name}"), VALUES[name])
            for name in TYPES
        ]
        async with storyteller(client, mirror.queue):

            async def started() -> bool:
                try:
                    await client.execute_workflow(
                        Story.run,
                        [["memo", {"amount": 12.5}]],
                        id=mirror.prefix,
                        task_queue=mirror.queue,
                        memo={"owner": {"name": "Ada"}, "kept by nobody": "secret"},
                        search_attributes=TypedSearchAttributes(pairs),
                    )
                except RPCError as error:
                    # The server takes a moment to know its new search attributes.
                    assert error.status == RPCStatusCode.INVALID_ARGUMENT
                    return False
                return True

            await until(started)
        await until(lambda: complete(mirror, 1))
        await mirror.assert_equals_temporal()
        told = {path: value for _, path, value in mirror.attributes(mirror.run(mirror.prefix)["run_id"])}
        assert {name: told[f"search_attribute.{prefix}{name}"] for name in TYPES} == {
            "text": "two words",
            "keyword": "north",
            "int": "7",
            "float": "0.5",
            "bool": "true",
            "datetime": "2026-03-02T12:00:00+00:00",
            "keyword_list": '["a","b"]',
        }
        assert (told["memo.owner.name"], told["memo.amount"]) == ("Ada", "12.5")
        assert "secret" not in str(told)

    asyncio.run(story())


def test_summaries_priority_and_versioning_options_do_not_disturb(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            handle = await client.start_workflow(
                Story.run,
                [["timer", 0.01, "remind Ada"], ["greet", "Ada"], ["wait", "go"]],
                id=mirror.prefix,
                task_queue=mirror.queue,
                static_summary="A claim",
                static_details="of *Ada*",
                priority=Priority(priority_key=2),
            )
            await until(lambda: waiting(mirror))
            request = UpdateWorkflowExecutionOptionsRequest(
                namespace="default", workflow_execution=WorkflowExecution(workflow_id=mirror.prefix)
            )
            request.workflow_execution_options.versioning_override.auto_upgrade = True
            request.update_mask.paths.append("versioning_override")
            await client.workflow_service.update_workflow_execution_options(request)
            await handle.signal(Story.tell, {"word": "go"})
            await handle.result()
            await until(lambda: complete(mirror, 1))
        await mirror.assert_equals_temporal()
        run_id = mirror.run(mirror.prefix)["run_id"]
        assert mirror.event(run_id, 17)["name"] == "remind Ada"
        assert mirror.event(run_id, 55)["event_id"] > 1  # options updated

    asyncio.run(story())


@nexusrpc.service
class Desk:
    """What another team offers."""

    assess: nexusrpc.Operation[str, str]


@nexusrpc.handler.service_handler(service=Desk)
class DeskHandler:
    @nexus.workflow_run_operation
    async def assess(self, context: nexus.WorkflowRunOperationContext, name: str) -> nexus.WorkflowHandle[str]:
        return await context.start_workflow(Assessment.run, name, id=f"{nexus.info().task_queue}-assess-{name}")


@workflow.defn
class Assessment:
    @workflow.run
    async def run(self, name: str) -> str:
        return f"fine, {name}"


@workflow.defn
class Caller:
    @workflow.run
    async def run(self, endpoint: str) -> str:
        client = workflow.create_nexus_client(service=Desk, endpoint=endpoint)
        return await client.execute_operation(Desk.assess, "Ada")


def test_a_nexus_operation_is_a_step_of_its_caller_and_its_handler_is_an_item_of_its_own(mirror: Any) -> None:
    calls = a_stream(
        [stage("called", {"start": True}, {"nexus": "Desk/assess"})], stream="call", item={"workflow_types": ["Caller"]}
    )
    desk = a_stream([stage("desk", {"start": True})], stream="desk", item={"workflow_types": ["Assessment"]})
    put_in_force(mirror.con, calls, desk)

    async def story() -> None:
        client: Client = await mirror.client()
        target = EndpointTarget(worker=EndpointTarget.Worker(namespace="default", task_queue=mirror.queue))
        spec = EndpointSpec(name=f"e-{mirror.prefix}", target=target)
        await client.operator_service.create_nexus_endpoint(CreateNexusEndpointRequest(spec=spec))
        async with Worker(
            client,
            task_queue=mirror.queue,
            workflows=[Caller, Assessment],
            nexus_service_handlers=[DeskHandler()],
            workflow_runner=UnsandboxedWorkflowRunner(),
            graceful_shutdown_timeout=timedelta(0),
        ):
            answer = await client.execute_workflow(
                Caller.run, f"e-{mirror.prefix}", id=mirror.prefix, task_queue=mirror.queue
            )
            assert answer == "fine, Ada"
            await until(lambda: complete(mirror, 2))
        await mirror.assert_equals_temporal()
        steps = mirror.rows("SELECT stream, kind, name, ended FROM step ORDER BY stream")
        assert steps == [{"stream": "call", "kind": "nexus", "name": "Desk/assess", "ended": "completed"}]
        items = mirror.rows("SELECT stream, workflow_type, runs FROM item ORDER BY stream")
        assert items == [
            {"stream": "call", "workflow_type": "Caller", "runs": 1},
            {"stream": "desk", "workflow_type": "Assessment", "runs": 1},
        ]

    asyncio.run(story())
