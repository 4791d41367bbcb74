"""The company's worker: runs the workflows and the activities of the company and of the vendor's gateway.

    TEMPORAL_ADDRESS=localhost:7233 CRM_DATABASE_URL=postgresql://... python -m sample_data.worker

Prints `ready worker` when it polls its queues. The tables must exist: `python -m sample_data.company create`.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine
from temporalio.client import Client
from temporalio.worker import Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from sample_data.child_process import run_until_told
from sample_data.claim.activities import Bank, ClaimDesk, FraudRules, Garage, Ledger
from sample_data.claim.bad_release import ClaimWithBug
from sample_data.claim.nightly import NightlyReview
from sample_data.claim.payout import Payout
from sample_data.claim.workflow import Claim
from sample_data.clients import add_search_attributes, connect
from sample_data.company import add_database_option
from sample_data.queues import ABROAD_QUEUE, CLAIMS_QUEUE, COMPANY_QUEUE, PAYMENTS_QUEUE, VENDOR_QUEUE
from sample_data.service_request.activities import Books, Desk, VendorSystem
from sample_data.service_request.workflow import ServiceRequest
from sample_data.shift import USUAL, Shift
from sample_data.tables import open_database, utc_now

QUEUES = (COMPANY_QUEUE, CLAIMS_QUEUE, VENDOR_QUEUE, PAYMENTS_QUEUE, ABROAD_QUEUE)
THREADS = 20


@dataclass(frozen=True)
class Duties:
    """What the worker of one queue does."""

    workflows: Sequence[type] = ()
    activities: Sequence[Callable[..., object]] = ()


def duties(database: Engine, clock: Callable[[], datetime] = utc_now) -> dict[str, Duties]:
    """What there is to do on each queue. The rows that activities write carry the instants of `clock`."""
    desk, books, vendor = Desk(database, clock), Books(database, clock), VendorSystem(database)
    claims, ledger, bank = ClaimDesk(database, clock), Ledger(database, clock), Bank()
    return {
        COMPANY_QUEUE: Duties(
            (ServiceRequest,),
            (
                desk.save_status, desk.save_quote, desk.assign_approver, desk.escalate, desk.record_decision,
                desk.send_reminder, books.post_bill, books.reverse_bill, books.confirm_settlement,
            ),
        ),
        CLAIMS_QUEUE: Duties(
            (Claim, Payout, NightlyReview),
            (
                claims.register_claim, claims.ask_for_missing, claims.put_on_desk, claims.save_estimate,
                claims.save_assessment, claims.find_deciders, claims.find_signatories, claims.escalate_claim,
                claims.write_decision, claims.send_refusal, claims.close_claim, claims.remind_of_claim,
                claims.pick_for_review, FraudRules(database).score_fraud,
                ledger.reserve_funds, ledger.book_payout, ledger.book_recovered,
            ),
        ),
        VENDOR_QUEUE: Duties(
            activities=(
                vendor.place_quote, vendor.place_order, vendor.confirm_delivery, Garage(database).ask_estimate,
            ),
        ),
        PAYMENTS_QUEUE: Duties(activities=(bank.transfer_money,)),
        ABROAD_QUEUE: Duties(activities=(bank.transfer_money,)),
    }  # fmt: skip


def workers(
    client: Client,
    database: Engine,
    threads: ThreadPoolExecutor,
    queues: Iterable[str] = QUEUES,
    clock: Callable[[], datetime] = utc_now,
    runner: WorkflowRunner | None = None,
) -> list[Worker]:
    """One worker for each queue. The rows that activities write carry the instants of `clock`."""
    all_duties = duties(database, clock)
    return [worker(client, queue, all_duties[queue], threads, runner) for queue in queues]


def hire(client: Client, database: Engine, threads: ThreadPoolExecutor, queue: str, release: str) -> Worker:
    """The worker of one queue, in its usual or its broken release."""
    usual = duties(database)[queue]
    if release == USUAL:
        return worker(client, queue, usual, threads)
    workflows = [ClaimWithBug if each is Claim else each for each in usual.workflows]
    return worker(client, queue, Duties(workflows, usual.activities), threads)


def worker(
    client: Client,
    queue: str,
    duties: Duties,
    threads: ThreadPoolExecutor,
    runner: WorkflowRunner | None = None,
) -> Worker:
    """The worker of one queue; workflows run in a sandbox unless another `runner` is given."""
    return Worker(
        client,
        task_queue=queue,
        workflows=duties.workflows,
        activities=duties.activities,
        activity_executor=threads,
        workflow_runner=runner or SandboxedWorkflowRunner(),
        max_concurrent_activities=THREADS // 2,
        nonsticky_to_sticky_poll_ratio=0.5,  # On a busy machine, new cases would else wait behind the old ones.
        graceful_shutdown_timeout=timedelta(seconds=2),
    )


async def work(database_url: str, queues: Iterable[str], stop: asyncio.Event) -> None:
    """Poll the queues until told to stop, but for those where trouble keeps the worker away."""
    client = await connect("worker")
    await add_search_attributes(client)
    database = open_database(database_url)
    with ThreadPoolExecutor(THREADS) as threads:
        shift = Shift(database, queues, lambda queue, release: hire(client, database, threads, queue, release))
        await shift.begin()
        print("ready worker", *queues, flush=True)
        await shift.work(stop)
    database.dispose()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker. Exit codes: 0 told to stop, 1 Temporal cannot be reached, 2 usage."""
    parser = argparse.ArgumentParser(prog="python -m sample_data.worker", description=__doc__.splitlines()[0])
    add_database_option(parser)
    parser.add_argument("--queues", nargs="+", choices=QUEUES, default=QUEUES, help="poll only these task queues")
    options = parser.parse_args(arguments)
    return run_until_told(lambda stop: work(options.database_url, options.queues, stop))


if __name__ == "__main__":
    sys.exit(main())
