"""A server, workers and runs that get stuck, or do not, all at once; and what is said of them, round after round."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from temporalio.api.nexus.v1 import EndpointSpec, EndpointTarget
from temporalio.api.operatorservice.v1 import CreateNexusEndpointRequest
from temporalio.api.workflowservice.v1 import (
    PauseActivityRequest,
    PauseWorkflowExecutionRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

from metrics import Question, causes, stuck
from tests.connectors.temporal.conftest import Mirror
from tests.fixtures import situations
from tests.fixtures.situations import ACTIVITIES, WORKFLOWS, BankHandler, Claim
from tests.fixtures.streams import put_in_force
from tests.fixtures.workflows import until
from tests.metrics.stuck_situations import AUDITS, HEALTHY, OWN_QUEUE, STUCK, the_stream
from warehouse import Batch, register_source, write_batch
from warehouse.batch import ROW_VERSIONS

WATCHED_SECONDS = 40
ROUND_SECONDS = 1
STREAM = the_stream()


@dataclass
class Seen:
    """What was said: after each round, as of the instant to which it had read."""

    rounds: list[tuple[datetime, dict[str, list[dict[str, Any]]]]] = field(default_factory=list)
    made_at: dict[str, datetime] = field(default_factory=dict)
    causes: list[dict[str, Any]] = field(default_factory=list)
    prefix: str = ""

    def rules(self, name: str) -> set[str]:
        """Every stuck rule that was ever said to hold for a situation."""
        return {row["rule"] for _, found in self.rounds for row in found.get(name, []) if row["severity"] != "watch"}


class World:
    """The server's clients and workers, while it all happens."""

    def __init__(self, client: Client, mirror: Mirror, seen: Seen) -> None:
        self.client, self.mirror, self.seen = client, mirror, seen
        self.workers = AsyncExitStack()

    def queue(self, name: str) -> str:
        return f"{self.mirror.prefix}-{name}" if name in OWN_QUEUE else self.mirror.queue

    def handle(self, name: str) -> Any:
        return self.client.get_workflow_handle(f"{self.mirror.prefix}-{name}")

    def note(self, name: str) -> None:
        """From now on it is stuck."""
        self.seen.made_at[name] = datetime.now(UTC)

    async def start(self, name: str, steps: list[list[Any]], **more: Any) -> None:
        self.note(name)
        workflow_type = more.pop("workflow_type", "Claim")
        await self.client.start_workflow(
            workflow_type,
            args=[_named(steps, self.mirror.prefix)],
            id=f"{self.mirror.prefix}-{name}",
            task_queue=self.queue(name),
            **more,
        )

    def worker(self, queue: str, **more: Any) -> Worker:
        return Worker(
            self.client,
            task_queue=queue,
            workflows=WORKFLOWS,
            activities=ACTIVITIES,
            workflow_runner=UnsandboxedWorkflowRunner(),
            graceful_shutdown_timeout=timedelta(0),
            **{"debug_mode": True, **more},  # Without it, a slow machine looks like a deadlock to the SDK.
        )

    async def signal(self, name: str, signal: str, *arguments: Any) -> None:
        await self.handle(name).signal(signal, args=arguments)

    async def has_settled(self, name: str) -> None:
        """It has taken its first turn and waits."""

        async def waits() -> bool:
            told = (await self.handle(name).describe()).raw_description
            return not told.HasField("pending_workflow_task") and told.workflow_execution_info.history_length > 3

        await until(waits)

    async def works(self, queue: str, **more: Any) -> Worker:
        """A worker until the end."""
        return await self.workers.enter_async_context(self.worker(queue, **more))

    async def set_up(self) -> None:
        """Workers and endpoints."""
        await self.works(self.mirror.queue, nexus_service_handlers=[BankHandler()])
        await self.works(self.queue("changed-code"), max_cached_workflows=0)
        await self.works(self.queue("blocking"), debug_mode=False)
        for name, queue in (("bank", self.mirror.queue), ("nobody", f"{self.mirror.prefix}-no-bank")):
            target = EndpointTarget(worker=EndpointTarget.Worker(namespace="default", task_queue=queue))
            await self.client.operator_service.create_nexus_endpoint(
                CreateNexusEndpointRequest(spec=EndpointSpec(name=name, target=target))
            )
        await self.client.execute_workflow(
            Claim.run, [["steps", "quick", 25]], id=f"{self.mirror.prefix}-usual", task_queue=self.mirror.queue
        )

    async def happen(self) -> None:
        """Make every situation."""
        apart = {"worker-gone", "pinned", "handed-over", "unknown-type", "start-delay", "cron", "one-slow-turn"}
        steps = {name: each.steps for name, each in STUCK.items()} | HEALTHY
        for name in steps.keys() - apart:
            await self.start(name, steps[name])
        await self.start("unknown-type", [], workflow_type="Mystery")
        await self.start("start-delay", [], start_delay=timedelta(hours=1))
        await self.start("cron", [], cron_schedule="0 0 1 1 *")
        await self.start("one-slow-turn", HEALTHY["one-slow-turn"], task_timeout=timedelta(seconds=3))
        self.note("unheard")
        await self.signal("unheard", "approve")
        await asyncio.gather(
            self.pin(), self.change_worker("worker-gone"), self.change_worker("handed-over"), self.touch()
        )
        await self.works(self.queue("slow-worker"))

    async def touch(self) -> None:
        """What is done to runs that are under way."""
        for name in ("cancel-ignored", "undoing", "paused", "changed-code", "heard", "only-in-rows"):
            await self.has_settled(name)
        for name in ("cancel-ignored", "undoing"):
            self.note(name)
            await self.handle(name).cancel()
        self.note("paused")
        await self.client.workflow_service.pause_workflow_execution(
            PauseWorkflowExecutionRequest(
                namespace="default", workflow_id=self.handle("paused").id, identity="ada", reason="a holiday"
            )
        )
        situations.changed.add(self.handle("changed-code").id)
        self.note("changed-code")
        await self.signal("changed-code", "tell", "go")
        await self.signal("heard", "approve")
        self.note("only-in-rows")
        self.write_row(self.handle("only-in-rows").id)
        await self.pause_step()
        await self.until_transferring()

    async def until_transferring(self) -> None:
        """What stands behind the Nexus operation begins later than who asked for it."""

        async def has_begun() -> bool:
            try:
                told = await self.handle("nexus-retrying-transfer").describe()
            except RPCError:
                return False
            self.seen.made_at["nexus-retrying"] = told.start_time
            return True

        await until(has_begun)

    def write_row(self, workflow_id: str) -> None:
        now = datetime.now(UTC)
        content = f'{{"workflow_id": "{workflow_id}", "answer": "yes", "at": "{now.isoformat()}"}}'
        row = {"table_name": "claims", "row_id": '["1"]', "seen_at": now, "content": content, "is_deleted": False}
        versions = pa.Table.from_pylist([row], schema=ROW_VERSIONS)
        cursor = self.mirror.warehouse.cursor()
        write_batch(cursor, "crm", Batch(row_versions=versions), now)
        cursor.close()

    async def pause_step(self) -> None:
        async def failed() -> bool:
            told = (await self.handle("paused-step").describe()).raw_description
            return any(each.attempt == 2 for each in told.pending_activities)

        await until(failed)
        self.note("paused-step")
        await self.client.workflow_service.pause_activity(
            PauseActivityRequest(
                namespace="default",
                execution={"workflow_id": self.handle("paused-step").id},
                id="1",
                identity="bob",
                reason="wait for the bank",
            )
        )

    async def change_worker(self, name: str) -> None:
        """The worker that began it goes; for one of the two another comes."""
        async with self.worker(self.queue(name)):
            await self.start(name, (HEALTHY | {each: STUCK[each].steps for each in STUCK})[name])
            await self.has_settled(name)
        if name in HEALTHY:
            await self.works(self.queue(name))
        self.note(name)
        await self.signal(name, "tell", "go")

    async def pin(self) -> None:
        """A run is pinned to version 1, and then only version 2 has a worker."""
        async with self.worker(self.queue("pinned"), deployment_config=_version("1")):
            await self.until_current("1")
            await self.start("pinned", STUCK["pinned"].steps)
            await self.has_settled("pinned")
        await self.works(self.queue("pinned"), deployment_config=_version("2"))
        self.note("pinned")
        await self.signal("pinned", "tell", "go")

    async def until_current(self, build: str) -> None:
        async def is_set() -> bool:
            request = SetWorkerDeploymentCurrentVersionRequest(
                namespace="default", deployment_name="claims", build_id=build
            )
            try:
                await self.client.workflow_service.set_worker_deployment_current_version(request)
            except RPCError:
                return False
            return True

        await until(is_set)

    async def watch(self) -> None:
        """Round after round, and what is said after each; in a thread of its own, so that workers are not held up."""
        began = datetime.now(UTC)
        while datetime.now(UTC) - max([began, *self.seen.made_at.values()]) < timedelta(seconds=WATCHED_SECONDS):
            result = await self.mirror.round()
            assert result.error is None, result.error
            if result.as_of_at is not None:
                told = stuck(self.mirror.con, STREAM, Question(datetime.now(UTC)))
                self.seen.rounds.append((result.as_of_at, self.by_name(told.to_pylist())))
            await asyncio.sleep(ROUND_SECONDS)
        self.seen.causes = causes(self.mirror.con, STREAM, Question(datetime.now(UTC))).to_pylist()

    def by_name(self, rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            found.setdefault(row["item"].removeprefix(f"{self.mirror.prefix}-"), []).append(row)
        return found


def _version(build: str) -> WorkerDeploymentConfig:
    version = WorkerDeploymentVersion(deployment_name="claims", build_id=build)
    return WorkerDeploymentConfig(
        version=version, use_worker_versioning=True, default_versioning_behavior=VersioningBehavior.PINNED
    )


def _named(value: Any, prefix: str) -> Any:
    """The steps with this test's own names in them."""
    if isinstance(value, str):
        return value.replace("{}", prefix)
    if isinstance(value, list):
        return [_named(each, prefix) for each in value]
    return {name: _named(each, prefix) for name, each in value.items()} if isinstance(value, dict) else value


async def all_of_it(address: str, seen: Seen) -> None:
    mirror = Mirror(address, sampling_seconds=1)
    seen.prefix = mirror.prefix
    put_in_force(mirror.con, STREAM, AUDITS)
    register_source(mirror.con, "crm", "database")
    world = World(await mirror.client(), mirror, seen)
    async with world.workers:
        try:
            await world.set_up()
            await asyncio.gather(world.happen(), asyncio.to_thread(lambda: asyncio.run(world.watch())))
        finally:
            situations.over.set()
    mirror.warehouse.close()
