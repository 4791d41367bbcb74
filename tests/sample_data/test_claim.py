"""A claim on a real Temporal server: what moves it, what cannot, and what Streamgauge makes of what it leaves."""

import asyncio
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.worker import Replayer

import sample_data
from sample_data.claim.messages import (
    REVIEW,
    Assessment,
    Decision,
    Objection,
    Recovery,
    Routing,
    Stage,
    Terms,
    Withdrawal,
)
from sample_data.claim.nightly import NightlyReview
from sample_data.claim.payout import Payout
from sample_data.claim.workflow import Claim
from sample_data.queues import CLAIMS_QUEUE
from sample_data.tables import APPROVALS, CLAIMS, LEDGER
from tests.sample_data.conftest import Claims, Company, eventually

pytestmark = pytest.mark.server

ADJUSTER, SENIOR, OTHER_SENIOR = "Dev Anand", "Ruth Okello", "Paul Janssen"
SOON = Terms(value_date_seconds=0.1, check_seconds=0.2, objection_seconds=0.2)
ROOT = Path(sample_data.__file__).parents[1]
STREAM = ROOT / "sample_data" / "streams" / "claim.stream.toml"
STAGES = """
SELECT item.workflow_id, string_agg(stay.stage, ' ' ORDER BY stay.stay_index) || coalesce(' ' || item.outcome, '')
FROM item JOIN stay USING (stream, item_key)
WHERE NOT stay.is_overlapped AND stay.stage <> item.outcome
GROUP BY item.workflow_id, item.outcome
"""
CONFIG = """
streams = ["{stream}"]
[[temporal]]
name = "main"
profile_file = "{folder}/temporal.toml"
"""


def test_a_small_claim_is_paid_by_one_and_the_books_agree(in_company):
    async def story(company: Company) -> None:
        claims = company.claims
        await claims.tell("c-1", SOON)
        await claims.until("c-1", "contest")

        assert await claims.result("c-1") == {"outcome": "paid", "amount_cents": 100_000, "recovered_cents": 0}
        [row] = claims.rows(CLAIMS, "c-1")
        assert (row["status"], row["amount"], row["cover"]) == ("paid", Decimal(1000), "water")
        assert [(a["decision"], a["decided_by"]) for a in claims.rows(APPROVALS, "c-1")] == [("approve", ADJUSTER)]
        [payout] = claims.rows(LEDGER, "c-1")
        assert (payout["kind"], payout["amount"]) == ("payout", Decimal(-1000))
        assert payout["settled_at"] is not None

    in_company(story)


def test_above_the_limit_a_second_senior_person_must_sign(in_company):
    async def story(company: Company) -> None:
        claims = company.claims
        await claims.tell("c-1", claimed_cents=900_000)
        asked = await claims.until("c-1", "sign")
        assert (asked.stage, asked.assignee) == (Stage.FOUR_EYES, ADJUSTER)
        await claims.act("c-1", ADJUSTER, "update", "sign", Decision(ADJUSTER, "decline"))

        assert await refusal(claims, "c-1", ADJUSTER) == f"{ADJUSTER} signed already: four eyes are two persons."
        await claims.act("c-1", SENIOR, "update", "sign", Decision(SENIOR, "approve"))
        await claims.until("c-1", "contest")
        assert [row["decided_by"] for row in claims.rows(APPROVALS, "c-1")] == [SENIOR]

    in_company(story)


def test_the_second_signature_must_be_a_senior_one(in_company):
    async def story(company: Company) -> None:
        claims = company.claims
        await claims.tell("c-1", claimed_cents=900_000)
        await claims.until("c-1", "sign")
        await claims.act("c-1", SENIOR, "update", "sign", Decision(SENIOR, "approve"))

        assert await refusal(claims, "c-1", ADJUSTER) == f"{ADJUSTER} is not senior; who is: {SENIOR}, {OTHER_SENIOR}."
        assert await refusal(claims, "c-1", "Lea Hofmann") == (
            f"Lea Hofmann may not decide on this claim; who may: {ADJUSTER}, {SENIOR}, {OTHER_SENIOR}."
        )

    in_company(story)


def test_missing_documents_are_asked_for_again(in_company):
    async def story(company: Company) -> None:
        claims = company.claims
        await claims.tell("c-1")
        with_assessor = await claims.until("c-1", "assess")
        by = with_assessor.assignee
        await claims.act("c-1", by, "update", "assess", Assessment(by, "send-back", note="no invoice"))

        back = await claims.until("c-1", "documents_received")
        assert back.stage is Stage.DOCUMENTS
        assert (await claims.until("c-1", "decide")).decisions == 0

    in_company(story)


def test_a_claim_is_withdrawn_in_mid_stream_but_not_once_it_is_paid(in_company):
    async def story(company: Company) -> None:
        claims = company.claims
        for name, message in (("early", "estimate_received"), ("late", "contest")):
            await claims.tell(name, cover="motor")
            await claims.until(name, message)
        withdrawal = Withdrawal("Abel Moreno", "settled it otherwise")

        assert await claims.act("early", "Abel Moreno", "update", "withdraw", withdrawal)
        assert not await claims.act("late", "Abel Moreno", "update", "withdraw", withdrawal)

        assert (await claims.result("early"))["outcome"] == "withdrawn"
        assert claims.rows(CLAIMS, "early")[0]["status"] == "withdrawn"
        assert claims.rows(LEDGER, "early") == []

    in_company(story)


def test_a_refusal_is_contested_and_reversed(in_company):
    async def story(company: Company) -> None:
        claims = company.claims
        await claims.tell("c-1")
        await claims.until("c-1", "decide")
        await claims.act("c-1", ADJUSTER, "update", "decide", Decision(ADJUSTER, "decline"))
        refused = await claims.until("c-1", "contest")
        assert refused.stage is Stage.REFUSAL
        await claims.act("c-1", "Abel Moreno", "update", "contest", Objection("Abel Moreno", "see my letter"))

        await claims.until("c-1", "decide")
        await claims.until("c-1", "contest")
        assert [row["decision"] for row in claims.rows(APPROVALS, "c-1")] == ["decline", "approve"]
        assert len(claims.rows(LEDGER, "c-1")) == 1

    in_company(story)


def test_a_refusal_that_nobody_contests_ends_it(in_company):
    async def story(company: Company) -> None:
        claims = company.claims
        await claims.tell("c-1", SOON)
        await claims.until("c-1", "decide")
        await claims.act("c-1", ADJUSTER, "update", "decide", Decision(ADJUSTER, "decline"))

        assert (await claims.result("c-1"))["outcome"] == "declined"
        assert claims.rows(CLAIMS, "c-1")[0]["status"] == "declined"

    in_company(story)


def test_a_long_follow_up_continues_as_new_and_forgets_nothing(in_company):
    async def story(company: Company) -> None:
        claims = company.claims
        await claims.tell("c-1", Terms(value_date_seconds=0.1, check_seconds=1), instalments=3)
        first = await claims.until("c-1", "contest")
        await claims.act("c-1", "Baltic Mutual", "signal", "recovered", Recovery("Baltic Mutual", 20_000))

        # A claim once paid is not paid again, and the waits are counted on.
        assert await claims.result("c-1") == {"outcome": "paid", "amount_cents": 100_000, "recovered_cents": 20_000}
        last = await claims.look("c-1")
        assert last.wait > first.wait
        assert len(claims.rows(LEDGER, "c-1")) == 1
        assert claims.rows(CLAIMS, "c-1")[0]["recovered"] == Decimal(200)
        runs = [run async for run in company.client.list_workflows(f"WorkflowId = '{claims.id('c-1')}'")]
        assert sorted(run.status.name for run in runs) == ["COMPLETED", "CONTINUED_AS_NEW"]

    in_company(story)


def test_the_regulators_night_begins_reviews_that_have_no_value(in_company):
    async def story(company: Company) -> None:
        claims = company.claims
        begun = await company.client.execute_workflow(
            NightlyReview.run, Terms(), id=claims.id("night"), task_queue=CLAIMS_QUEUE
        )
        assert begun == 4
        review = await claims.until("night/review-0", "decide")
        assert (review.notice.cover, review.amount_cents) == (REVIEW, None)
        described = await claims.run("night/review-0").describe()
        assert await described.memo_value("channel") == "regulator"
        by = review.assignee
        await claims.act("night/review-0", by, "update", "decide", Decision(by, "approve"))
        assert (await claims.result("night/review-0"))["outcome"] == "paid"
        assert claims.rows(LEDGER, "night/review-0") == []

    in_company(story)


def test_the_stream_file_tells_the_stages_from_what_happened(in_company, tmp_path):
    async def story(company: Company) -> None:
        claims = company.claims
        await claims.tell("paid", SOON, cover="motor", claimed_cents=900_000, instalments=3)
        await claims.tell("refused", SOON)
        await claims.tell("withdrawn", SOON)
        await claims.tell("goodwill", SOON)
        await claims.until("paid", "contest")
        by = (await claims.until("refused", "assess")).assignee
        await claims.act("refused", by, "update", "assess", Assessment(by, "send-back"))
        await claims.until("refused", "decide")
        await claims.act("refused", ADJUSTER, "update", "decide", Decision(ADJUSTER, "decline"))
        await claims.until("withdrawn", "assess")
        await claims.act("withdrawn", "Abel Moreno", "update", "withdraw", Withdrawal("Abel Moreno"))
        await claims.until("goodwill", "triage")
        await claims.act("goodwill", "Lea Hofmann", "update", "triage", Routing("Lea Hofmann", "goodwill"))
        for name in ("paid", "refused", "withdrawn"):
            await claims.result(name)
        await claims.until("goodwill", "contest")
        await claims.result("goodwill")
        stages = await asyncio.to_thread(mirrored, company, tmp_path, claims.prefix)

        assert stages["paid"] == (
            "intake documents triage estimate pile assessment fraud-check four-eyes payout follow-up settled"
        )
        assert stages["refused"] == (
            "intake documents triage pile assessment documents triage pile assessment fraud-check decision"
            " refusal declined"
        )
        assert stages["withdrawn"].endswith("triage pile assessment withdrawal withdrawn")
        assert stages["goodwill"] == "intake documents triage decision payout follow-up settled"

    in_company(story)


def test_histories_replay_on_the_code_that_made_them(in_company):
    async def story(company: Company) -> None:
        claims = company.claims
        await claims.tell("long", SOON, cover="motor", claimed_cents=900_000, instalments=3)
        await claims.until("long", "contest")
        await claims.result("long")
        replayer = Replayer(workflows=[Claim, Payout, NightlyReview])
        query = f"WorkflowId STARTS_WITH '{claims.prefix}'"

        async def is_listed() -> bool:
            return len([run async for run in company.client.list_workflows(query)]) == 3

        await eventually(is_listed)
        async for run in company.client.list_workflows(query):
            history = await company.client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
            assert (await replayer.replay_workflow(history)).replay_failure is None

    in_company(story)


async def refusal(claims: Claims, name: str, by: str) -> str:
    """What the workflow says when it refuses this signature."""
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await claims.run(name).execute_update(Claim.sign, Decision(by, "approve"))
    return refused.value.cause.message


def mirrored(company: Company, folder: Path, prefix: str) -> dict[str, str]:
    """The stages of each claim of this prefix, as Streamgauge's warehouse has them after one round."""
    address = company.client.service_client.config.target_host
    (folder / "temporal.toml").write_text(f'[profile.default]\naddress = "{address}"\n')
    config = folder / "streamgauge.toml"
    config.write_text(CONFIG.format(stream=STREAM, folder=folder))
    subprocess.run([sys.executable, "-m", "app.cli", "sync", "--config", str(config)], cwd=ROOT, check=True, timeout=60)
    with duckdb.connect(str(folder / "streamgauge.duckdb"), read_only=True) as con:
        found = con.sql(STAGES).fetchall()
    return {workflow_id.removeprefix(prefix): stages for workflow_id, stages in found}
