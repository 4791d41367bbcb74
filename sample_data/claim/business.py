"""Claims as a stream of work."""

from temporalio.client import Client

from sample_data.business import Business
from sample_data.claim.behaviour import Arrival, arrival, plan, straight_answer
from sample_data.claim.messages import Status, Terms
from sample_data.claim.starting import start_claim


async def _start(client: Client, workflow_id: str, arrival: Arrival, speed: float) -> None:
    await start_claim(client, workflow_id, arrival, Terms.at_speed(speed))


CLAIMS = Business(
    item="claim",
    workflow_type="Claim",
    status=Status,
    arrival=arrival,
    start=_start,
    plan=plan,
    straight_answer=straight_answer,
    spread={
        "documents_received": 12,
        "triage": 10,
        "estimate_received": 34,
        "take_on": 8,
        "assess": 14,
        "decide": 22,
        "sign": 0,
        "contest": 0,
    },
    arrivals_per_minute=5.0,
    most_open=140,
)
