"""People at work: they find what is open, do what is theirs, and leave alone what is not."""

import asyncio
from collections.abc import Awaitable

import pytest

from sample_data.office import Office, Pace
from sample_data.queues import COMPANY_QUEUE
from sample_data.service_request.behaviour import plan
from sample_data.service_request.messages import Stage, Terms
from sample_data.tables import APPROVALS, REQUESTS
from tests.sample_data.conftest import Company, eventually

pytestmark = pytest.mark.server

SPEED = 120
TERMS = Terms.at_speed(SPEED)


async def at_work(company: Company, work: Awaitable[object], absent: frozenset[str] = frozenset()) -> None:
    """Have everybody but the absent work until this is through."""
    office = Office(company.contact, plan, Pace(SPEED), seed=1)
    office.absent = absent
    stop = asyncio.Event()
    working = asyncio.create_task(office.work(stop))
    try:
        await work
    finally:
        stop.set()
        await working


def test_a_request_started_by_hand_with_next_to_nothing_is_worked_on(in_company):
    async def story(company: Company) -> None:
        asked = {"product": "coffee machine"}
        await company.client.start_workflow("ServiceRequest", asked, id=company.id("by-hand"), task_queue=COMPANY_QUEUE)

        await at_work(company, eventually(lambda: company.rows(APPROVALS, "by-hand") != []))

        [request] = company.rows(REQUESTS, "by-hand")
        assert (request["product"], request["customer_id"]) == ("coffee machine", None)

    in_company(story)


def test_what_an_absent_manager_would_decide_waits_until_it_is_escalated(in_company):
    async def story(company: Company) -> None:
        await company.ask("r-1", TERMS, region="north", product="phone")
        await company.until("r-1", "decide")

        is_decided = eventually(lambda: company.rows(APPROVALS, "r-1") != [])
        await at_work(company, is_decided, absent=frozenset({"Hanna Brandt"}))

        [approval] = company.rows(APPROVALS, "r-1")
        [request] = company.rows(REQUESTS, "r-1")
        assert approval["decided_by"] == "Ingrid Solberg"
        assert (approval["decided_at"] - request["created_at"]).total_seconds() > TERMS.approval_deadline_seconds

    in_company(story)


def test_people_read_a_list_that_holds_a_stage_for_each_open_request(in_company):
    async def story(company: Company) -> None:
        await company.ask("open")
        await company.ask("closed")
        await company.until("open", "claim")
        await company.act("closed", "Abel Moreno", "cancel", "cancel")

        async def is_listed() -> bool:
            listed = await company.contact.work_list()
            return company.id("closed") not in listed and listed.get(company.id("open")) == Stage.CLASSIFICATION

        await eventually(is_listed)

    in_company(story)


def test_nobody_can_look_at_or_act_on_what_does_not_exist(in_company):
    async def story(company: Company) -> None:
        assert await company.look("nothing") is None
        assert not await company.act("nothing", "Abel Moreno", "signal", "submit", {"by": "Abel Moreno"})

    in_company(story)
