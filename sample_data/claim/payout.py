"""The payout of a claim: a child workflow, so that it can be looked at, retried and stuck on its own."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from sample_data.claim.activities import Bank, Ledger
    from sample_data.claim.messages import PayoutOrder
    from sample_data.queues import ABROAD_QUEUE, PAYMENTS_QUEUE
    from sample_data.steps import at_company

ABROAD = "west"


@workflow.defn
class Payout:
    """One payment to one customer, booked on the day on which the bank has it."""

    @workflow.run
    async def run(self, order: PayoutOrder) -> str:
        """Reserve, transfer, wait for the value date, book. Returns the bank's reference."""
        euros = f"{order.amount_cents / 100:.2f} EUR"
        await at_company(Ledger.reserve_funds, f"reserve {euros}", order)
        workflow.set_current_details(f"Paying {euros}, {'abroad' if order.region == ABROAD else 'at home'}.")
        reference = await workflow.execute_activity_method(
            Bank.transfer_money,
            order,
            summary=f"transfer {euros}",
            task_queue=ABROAD_QUEUE if order.region == ABROAD else PAYMENTS_QUEUE,
            start_to_close_timeout=timedelta(seconds=15),
            retry_policy=RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(seconds=20)),
        )
        await workflow.sleep(order.value_date_seconds, summary="the bank's value date")
        await at_company(Ledger.book_payout, f"book the transfer {reference}", order)
        return reference
