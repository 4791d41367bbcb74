"""How people reach their cases: only through Temporal's client API, each under their own name."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Generic

from temporalio.api.common.v1 import Payload
from temporalio.api.workflowservice.v1 import ListWorkflowExecutionsRequest
from temporalio.client import (
    Client,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError

from sample_data.acts import Act, Seen
from sample_data.clients import NamedClient

PATIENCE = timedelta(seconds=10)
PAGE = 1000
OUT_OF_REACH = (
    RPCError,
    ValueError,  # The SDK has no name for the status "paused".
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)


class Contact(Generic[Seen]):
    """The people of one stream: they look for open cases, look at one, and act on it.

    `status` is the class that the query `status` of the workflow type answers with.
    """

    def __init__(self, client: Client, workflow_type: str, status: type[Seen]) -> None:
        self._client = client
        self._workflow_type = workflow_type
        self._status = status
        self._lines: dict[str, NamedClient] = {}

    def line(self, name: str) -> NamedClient:
        """The client under this person's name."""
        return self._lines.setdefault(name, NamedClient(self._client, name))

    async def work_list(self) -> Mapping[str, str]:
        """All open cases by id, with the stage that their search attribute says ('' without one).

        One request to Temporal for each thousand. Raises RPCError. Raw calls: the SDK cannot read a page that holds
        a paused workflow.
        """
        found: dict[str, str] = {}
        request = ListWorkflowExecutionsRequest(
            namespace=self._client.namespace,
            page_size=PAGE,
            query=f"WorkflowType = '{self._workflow_type}' AND CloseTime IS NULL",
        )
        while True:
            page = await self._client.workflow_service.list_workflow_executions(request, timeout=PATIENCE)
            for row in page.executions:
                found[row.execution.workflow_id] = self._stage(row.search_attributes.indexed_fields)
            request.next_page_token = page.next_page_token
            if not page.next_page_token:
                return found

    async def look(self, workflow_id: str) -> Seen | None:
        """Ask a case where it is. None when it cannot say: closed, paused, its worker away or its code broken."""
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            seen: Seen = await handle.query("status", result_type=self._status, rpc_timeout=PATIENCE)
        except OUT_OF_REACH:
            return None
        return seen

    async def perform(self, workflow_id: str, act: Act) -> bool:
        """Do one act under the actor's name. False when it was refused, or the case could not be reached."""
        handle = self.line(act.by).get_workflow_handle(workflow_id)
        try:
            if act.verb == "signal":
                await handle.signal(act.name, act.argument, rpc_timeout=PATIENCE)
            elif act.verb == "update":
                await handle.execute_update(act.name, act.argument, rpc_timeout=PATIENCE)
            else:
                await handle.cancel(rpc_timeout=PATIENCE)
        except OUT_OF_REACH:
            return False
        return True

    def _stage(self, attributes: Mapping[str, Payload]) -> str:
        if "Stage" not in attributes:
            return ""
        value = self._client.data_converter.payload_converter.from_payload(attributes["Stage"])
        return str(value[0] if isinstance(value, list) else value)
