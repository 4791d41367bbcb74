"""Service requests as a stream of work."""

from temporalio.client import Client

from sample_data.business import Business
from sample_data.service_request.behaviour import Arrival, arrival, plan, straight_answer
from sample_data.service_request.messages import Status, Terms
from sample_data.service_request.starting import start_request


async def _start(client: Client, workflow_id: str, arrival: Arrival, speed: float) -> None:
    await start_request(client, workflow_id, arrival, Terms.at_speed(speed))


SERVICE_REQUESTS = Business(
    item="request",
    workflow_type="ServiceRequest",
    status=Status,
    arrival=arrival,
    start=_start,
    plan=plan,
    straight_answer=straight_answer,
    spread={
        "submit": 6,
        "claim": 11,
        "classify": 8,
        "quote_received": 18,
        "decide": 17,
        "delivered": 26,
        "settled": 9,
        "follow_up": 5,
    },
    arrivals_per_minute=8.0,
    most_open=160,
)
