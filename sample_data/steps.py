"""How a step is run: on whose queue, for how long, and how patiently it is tried again. Typed like the step itself."""

from collections.abc import Callable
from datetime import timedelta
from typing import Concatenate, ParamSpec, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy

from sample_data.queues import VENDOR_QUEUE

System = TypeVar("System")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def at_company(
    step: Callable[Concatenate[System, Arguments], Result],
    summary: str,
    *args: Arguments.args,
    **none: Arguments.kwargs,
) -> Result:
    """Run a step on the company's own systems: they are near, so it is tried again soon, for as long as it takes."""
    return await workflow.execute_activity_method(
        step,
        args=args,
        summary=summary,
        start_to_close_timeout=timedelta(seconds=10),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=10)),
    )


async def at_vendor(
    step: Callable[Concatenate[System, Arguments], Result],
    summary: str,
    *args: Arguments.args,
    **none: Arguments.kwargs,
) -> Result:
    """Run a step on the vendor's system: it may be offline for long, so the tries back off further."""
    return await workflow.execute_activity_method(
        step,
        args=args,
        summary=summary,
        task_queue=VENDOR_QUEUE,
        start_to_close_timeout=timedelta(seconds=15),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(seconds=20)),
    )
