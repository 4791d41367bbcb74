"""How people reach a service request: only through Temporal's client API, each under their own name."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from temporalio.api.common.v1 import Payload
from temporalio.api.workflowservice.v1 import ListWorkflowExecutionsRequest
from temporalio.client import Client, WorkflowQueryFailedError, WorkflowQueryRejectedError, WorkflowUpdateFailedError
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError

from sample_data.clients import NamedClient
from sample_data.service_request.behaviour import Act, Arrival
from sample_data.service_request.messages import COMPANY_QUEUE, PRIORITY, REGION, STAGE, Stage, Status, Terms
from sample_data.service_request.workflow import ServiceRequest

PATIENCE = timedelta(seconds=10)
WORK_LIST = "WorkflowType = 'ServiceRequest' AND CloseTime IS NULL AND Stage IS NOT NULL"


class Contact:
    """The company's people at the telephone: they start requests, look for work, look at a request, and answer it."""

    def __init__(self, client: Client, terms: Terms) -> None:
        self._client = client
        self._terms = terms
        self._lines: dict[str, NamedClient] = {}

    async def start(self, workflow_id: str, arrival: Arrival) -> None:
        """Start a request in the name of whoever asks. Raises RPCError; WorkflowAlreadyStartedError: known id."""
        request = replace(arrival.request, terms=self._terms)
        attributes = TypedSearchAttributes(
            [
                SearchAttributePair(STAGE, str(Stage.REQUEST)),
                SearchAttributePair(REGION, request.region),
                SearchAttributePair(PRIORITY, request.priority),
            ]
        )
        await self._line(arrival.by).start_workflow(
            ServiceRequest.run,
            request,
            id=workflow_id,
            task_queue=COMPANY_QUEUE,
            memo={"channel": arrival.channel},
            search_attributes=attributes,
            static_summary=f"{request.product} for {request.customer_id}",
            rpc_timeout=PATIENCE,
        )

    async def work_list(self) -> Mapping[str, str]:
        """All open requests and their stage, as the search attribute says: one request to Temporal per thousand.

        Raw calls: the SDK cannot read a page that holds a paused workflow.
        """
        found: dict[str, str] = {}
        token = b""
        while True:
            page = await self._client.workflow_service.list_workflow_executions(
                ListWorkflowExecutionsRequest(
                    namespace=self._client.namespace, page_size=1000, query=WORK_LIST, next_page_token=token
                ),
                timeout=PATIENCE,
            )
            for row in page.executions:
                found[row.execution.workflow_id] = self._keyword(row.search_attributes.indexed_fields["Stage"])
            token = page.next_page_token
            if not token:
                return found

    async def look(self, workflow_id: str) -> Status | None:
        """Ask a request where it is. None when it cannot say: closed, paused, its worker away or its code broken."""
        handle = self._client.get_workflow_handle_for(ServiceRequest.run, workflow_id)
        try:
            return await handle.query(ServiceRequest.status, rpc_timeout=PATIENCE)
        except (RPCError, WorkflowQueryFailedError, WorkflowQueryRejectedError):
            return None

    async def perform(self, workflow_id: str, act: Act) -> bool:
        """Do one act under the actor's name. False when it was refused, or the request could not be reached."""
        handle = self._line(act.by).get_workflow_handle(workflow_id)
        try:
            if act.verb == "signal":
                await handle.signal(act.name, act.argument, rpc_timeout=PATIENCE)
            elif act.verb == "update":
                await handle.execute_update(act.name, act.argument, rpc_timeout=PATIENCE)
            else:
                await handle.cancel(rpc_timeout=PATIENCE)
        except (RPCError, WorkflowUpdateFailedError, TimeoutError):
            return False
        return True

    def _line(self, name: str) -> NamedClient:
        return self._lines.setdefault(name, NamedClient(self._client, name))

    def _keyword(self, payload: Payload) -> str:
        value = self._client.data_converter.payload_converter.from_payload(payload)
        return str(value[0] if isinstance(value, list) else value)
