"""What a failure says, in the two columns that are kept of it."""

from temporalio.api.failure.v1 import Failure

from connectors.temporal.payloads import clean, cut
from connectors.temporal.words import TIMEOUTS, word

# Failures that only say that another one happened further down.
WRAPPERS = frozenset(
    {"activity_failure_info", "child_workflow_execution_failure_info", "nexus_operation_execution_failure_info"}
)
KINDS = {
    "timeout_failure_info": "timeout",
    "canceled_failure_info": "canceled",
    "terminated_failure_info": "terminated",
    "server_failure_info": "server",
    "reset_workflow_failure_info": "reset",
    "nexus_handler_failure_info": "Nexus handler",
    "activity_failure_info": "activity",
    "child_workflow_execution_failure_info": "child",
    "nexus_operation_execution_failure_info": "Nexus operation",
}


def failure_columns(failure: Failure) -> dict[str, object]:
    """Columns failure_message (at most 1 kB) and failure_type of a failure.

    Wrappers ("Activity task failed") are unwrapped to the failure that they report. The type is the application's own
    where it gave one, else what kind of failure it is: timeout, canceled, terminated, server.
    """
    failure = _told(failure)
    kind = failure.WhichOneof("failure_info")
    own_type = clean(failure.application_failure_info.type) if kind == "application_failure_info" else None
    return {
        "failure_message": cut(failure.message)[0] or None,
        "failure_type": own_type or KINDS.get(kind or ""),
    }


def timeout_word(failure: Failure) -> str | None:
    """Which time-out a failure reports ('start to close'); None when it is no time-out."""
    failure = _told(failure)
    return (
        word(TIMEOUTS, failure.timeout_failure_info.timeout_type) if failure.HasField("timeout_failure_info") else None
    )


def _told(failure: Failure) -> Failure:
    while failure.WhichOneof("failure_info") in WRAPPERS and failure.HasField("cause"):
        failure = failure.cause
    return failure
