"""Starting a service request, in the name of whoever asks for it."""

from dataclasses import replace
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from sample_data.queues import COMPANY_QUEUE
from sample_data.search_attributes import PRIORITY, REGION, STAGE
from sample_data.service_request.behaviour import Arrival
from sample_data.service_request.messages import Stage, Terms
from sample_data.service_request.workflow import ServiceRequest


async def start_request(client: Client, workflow_id: str, arrival: Arrival, terms: Terms) -> None:
    """Start a request; its id is the business key. Raises RPCError; WorkflowAlreadyStartedError for a known id."""
    request = replace(arrival.request, terms=terms)
    await client.start_workflow(
        ServiceRequest.run,
        request,
        id=workflow_id,
        task_queue=COMPANY_QUEUE,
        memo={"channel": arrival.channel},
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(STAGE, str(Stage.REQUEST)),
                SearchAttributePair(REGION, request.region),
                SearchAttributePair(PRIORITY, request.priority),
            ]
        ),
        static_summary=f"{request.product} for {request.customer_id}",
        rpc_timeout=timedelta(seconds=10),
    )
