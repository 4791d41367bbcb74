"""A connection to one namespace, and every request this program makes of it. Read-only, raw service stubs throughout.

The SDK's own handles fail on a page that holds a paused run and on servers that send raw history; the stubs do not.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import TypeVar

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.history.v1 import History as ProtoHistory
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.query.v1 import WorkflowQuery
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice import v1 as api
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from connectors.temporal.budget import Budget
from connectors.temporal.codec import Codec
from connectors.temporal.config import TemporalConfig
from connectors.temporal.faults import Fault
from connectors.temporal.memory import Memory
from connectors.temporal.payloads import decode, look_up

Answer = TypeVar("Answer")

PATIENCE = timedelta(seconds=10)
QUERY_PATIENCE = timedelta(seconds=4)
LIST_PATIENCE = timedelta(seconds=15)
SETTLE_SECONDS = 0.2
NAMESPACES_A_PAGE = 100


class Connection:
    """One namespace of one cluster, its budget, and what is remembered between rounds."""

    def __init__(self, client: Client, config: TemporalConfig, namespace: str, address: str) -> None:
        self.config = config
        self.address = address
        self.namespace = namespace
        self.source = config.source(namespace)
        self.where = f"{address}/{namespace}"
        self.budget = Budget(config.requests_per_second, config.visibility_per_second)
        self.memory = Memory()
        self.codec = Codec(config.codec, namespace) if config.codec is not None else None
        self._client = client
        self._service = client.workflow_service

    def in_namespace(self, namespace: str) -> "Connection":
        """Another namespace of the cluster, over the same wire; only one of the two needs to be closed."""
        return Connection(self._client, self.config, namespace, self.address)

    def begin(self) -> None:
        """Begin a round."""
        if self.codec is not None:
            self.codec.begin()

    @property
    def codec_fault(self) -> str | None:
        """What the codec server did not do since the round began; None when it did all, or there is none."""
        return self.codec.fault if self.codec is not None else None

    async def close(self) -> None:
        """Let the connection settle. Await it as the last thing of a short-lived program.

        An interpreter that exits while the client's threads still run may abort (temporalio/sdk-python issue 300).
        """
        if self.codec is not None:
            await self.codec.close()
        await asyncio.sleep(SETTLE_SECONDS)

    async def list_runs(self, query: str, *, page_size: int, token: bytes) -> api.ListWorkflowExecutionsResponse:
        """One page of runs: open ones first, then by close time, newest first. Visibility budget."""
        request = api.ListWorkflowExecutionsRequest(
            namespace=self.namespace, query=query, page_size=page_size, next_page_token=token
        )
        send = partial(self._service.list_workflow_executions, request, timeout=LIST_PATIENCE)
        return await self._ask("list runs", send, visibility=True)

    async def count_runs(self, query: str) -> int:
        """How many runs match, by the server's own count. Visibility budget."""
        request = api.CountWorkflowExecutionsRequest(namespace=self.namespace, query=query)
        send = partial(self._service.count_workflow_executions, request, timeout=LIST_PATIENCE)
        return (await self._ask("count runs", send, visibility=True)).count

    async def count_by_status(self, query: str) -> dict[str, int]:
        """How many runs match, by Temporal's own name of their status ('Completed'). Visibility budget."""
        request = api.CountWorkflowExecutionsRequest(
            namespace=self.namespace, query=f"{query} GROUP BY ExecutionStatus".strip()
        )
        send = partial(self._service.count_workflow_executions, request, timeout=LIST_PATIENCE)
        answer = await self._ask("count runs by status", send, visibility=True)
        return {str(decode(group.group_values[0])): group.count for group in answer.groups if group.group_values}

    async def count_standalone_activities(self) -> int:
        """How many activities run by themselves, outside any workflow; 0 where the server has none of the kind."""
        request = api.CountActivityExecutionsRequest(namespace=self.namespace)
        send = partial(self._service.count_activity_executions, request, timeout=LIST_PATIENCE)
        try:
            return (await self._ask("count standalone activities", send, visibility=True)).count
        except Fault as fault:
            if fault.status == RPCStatusCode.UNIMPLEMENTED:
                return 0
            raise

    async def describe_run(self, workflow_id: str, run_id: str) -> api.DescribeWorkflowExecutionResponse:
        """What Temporal says of a run now: state, counters, pending work."""
        request = api.DescribeWorkflowExecutionRequest(
            namespace=self.namespace, execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id)
        )
        send = partial(self._service.describe_workflow_execution, request, timeout=PATIENCE)
        return await self._ask(f"describe run {run_id}", send)

    async def history_page(self, workflow_id: str, run_id: str, token: bytes) -> tuple[list[HistoryEvent], bytes]:
        """Events from where the token stands, and the token that goes on.

        Asked as a long poll, because only its last page gives an open run a token to go on with later. The server
        answers a long poll at once when something is there; ask only when there is.
        """
        request = api.GetWorkflowExecutionHistoryRequest(
            namespace=self.namespace,
            execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id),
            next_page_token=token,
            wait_new_event=True,
        )
        send = partial(self._service.get_workflow_execution_history, request, timeout=PATIENCE)
        answer = await self._ask(f"read the history of run {run_id}", send)
        await asyncio.sleep(0)  # Whoever waits for our place sends its request before we work on the answer.
        events = list(answer.history.events)
        for blob in answer.raw_history:
            events.extend(ProtoHistory.FromString(blob.data).events)
        return events, answer.next_page_token

    async def query_run(self, workflow_id: str, run_id: str, query: str) -> api.QueryWorkflowResponse:
        """Ask a run one of its queries, without arguments: a worker answers it, and replays the run to do so."""
        request = api.QueryWorkflowRequest(
            namespace=self.namespace,
            execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id),
            query=WorkflowQuery(query_type=query),
        )
        send = partial(self._service.query_workflow, request, timeout=PATIENCE)
        return await self._ask(f"ask run {run_id} for {query}", send)

    async def describe_queue(self, queue: str, kind: str) -> api.DescribeTaskQueueResponse:
        """Pollers and backlog of a task queue; kind is workflow or activity."""
        types = {"workflow": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, "activity": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY}
        request = api.DescribeTaskQueueRequest(
            namespace=self.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=types[kind],
            report_stats=True,
        )
        send = partial(self._service.describe_task_queue, request, timeout=PATIENCE)
        return await self._ask(f"describe task queue {queue}", send)

    async def list_namespaces(self, token: bytes) -> api.ListNamespacesResponse:
        """One page of the cluster's namespaces, Temporal's own among them."""
        request = api.ListNamespacesRequest(page_size=NAMESPACES_A_PAGE, next_page_token=token)
        send = partial(self._service.list_namespaces, request, timeout=PATIENCE)
        return await self._ask("list the namespaces", send)

    async def describe_namespace(self) -> api.DescribeNamespaceResponse:
        """The namespace's own settings, retention among them."""
        request = api.DescribeNamespaceRequest(namespace=self.namespace)
        send = partial(self._service.describe_namespace, request, timeout=PATIENCE)
        return await self._ask("describe the namespace", send)

    async def messages(self, workflow_id: str, run_id: str, kind: str) -> list[str]:
        """Names of the signals or updates (`kind`) that a workflow says it takes; none where it does not answer.

        A query: a worker answers it, replaying the history if need be. Never ask in bulk.
        """
        request = api.QueryWorkflowRequest(
            namespace=self.namespace,
            execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id),
            query=WorkflowQuery(query_type="__temporal_workflow_metadata"),
        )
        send = partial(self._service.query_workflow, request, timeout=QUERY_PATIENCE)
        try:
            answer = await self._ask(f"ask run {run_id} what it takes", send)
        except Fault:
            return []
        told = decode(answer.query_result.payloads[0]) if answer.query_result.payloads else None
        listed = look_up(told, ("definition", f"{kind}Definitions"))
        names = (entry.get("name") for entry in listed if isinstance(entry, dict)) if isinstance(listed, list) else ()
        return [name for name in names if isinstance(name, str) and name]

    async def server_version(self) -> str:
        """The server's own version, such as 1.32.0."""
        send = partial(self._service.get_system_info, api.GetSystemInfoRequest(), timeout=PATIENCE)
        return (await self._ask("ask for the server's version", send)).server_version

    async def _ask(self, tried: str, send: Callable[[], Awaitable[Answer]], *, visibility: bool = False) -> Answer:
        try:
            return await self.budget.spend(send, visibility=visibility)
        except RPCError as error:
            raise Fault(tried, error) from error
