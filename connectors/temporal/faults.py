"""Translate what Temporal answers when it does not answer: one sentence for people, and what it means for the round."""

import re

from temporalio.service import RPCError, RPCStatusCode

from connectors.errors import ConnectorError
from connectors.temporal.payloads import cut

# The whole source is out of reach; every other code speaks of the one run that was asked for.
SOURCE_CODES = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.UNAUTHENTICATED,
        RPCStatusCode.PERMISSION_DENIED,
        RPCStatusCode.UNIMPLEMENTED,
    }
)
LASTING_CODES = frozenset(
    {
        RPCStatusCode.UNAUTHENTICATED,
        RPCStatusCode.PERMISSION_DENIED,
        RPCStatusCode.UNIMPLEMENTED,
        RPCStatusCode.NOT_FOUND,
        RPCStatusCode.INVALID_ARGUMENT,
    }
)
ADVICE = {
    RPCStatusCode.UNAVAILABLE: "Is it running, and reachable from here? The next round tries again.",
    RPCStatusCode.DEADLINE_EXCEEDED: "It is slow or hangs. The next round tries again.",
    RPCStatusCode.CANCELLED: "It is slow or hangs. The next round tries again.",
    RPCStatusCode.RESOURCE_EXHAUSTED: "It is at its limits: lower requests_per_second or visibility_per_second.",
    RPCStatusCode.UNAUTHENTICATED: "Give Temporal's profile valid credentials.",
    RPCStatusCode.PERMISSION_DENIED: "Give Temporal's profile credentials that may read this namespace.",
    RPCStatusCode.UNIMPLEMENTED: "The server is too old, or no Temporal server.",
    RPCStatusCode.NOT_FOUND: "Check the namespaces in the config.",
    RPCStatusCode.INVALID_ARGUMENT: "Check the query in the config.",
}


class Fault(Exception):
    """Temporal answered a request with an error. `tried` says what the request was for."""

    def __init__(self, tried: str, answer: RPCError) -> None:
        super().__init__(f"tried to {tried}, came back {answer.status.name}: {cut(answer.message)[0].rstrip('. ')}")
        self.status = answer.status
        self._answer = answer

    @property
    def is_gone(self) -> bool:
        """Whether the run that was asked for is not there any more; not said when it is the namespace."""
        if self.status != RPCStatusCode.NOT_FOUND:
            return False
        return not any("NamespaceNotFound" in detail.type_url for detail in self._answer.grpc_status.details)

    @property
    def concerns_one_run(self) -> bool:
        """Whether other runs may still be read after this answer."""
        return self.status not in SOURCE_CODES

    def as_error(self, where: str) -> ConnectorError:
        """For people: where, what was tried, what came back, what to do."""
        advice = ADVICE.get(self.status, "The next round tries again.")
        return ConnectorError(f"Temporal at {where}: {self}. {advice}", retryable=self.status not in LASTING_CODES)


def unreachable(address: str, profile: str, error: Exception) -> ConnectorError:
    """The error for an address that nothing answered at."""
    told = re.search(r'message: "([^"]*)"', str(error))  # the core of what the SDK wraps four times
    came_back = cut(told[1] if told else str(error) or "no answer")[0].rstrip(". ")
    return ConnectorError(
        f"Temporal at {address}: tried to connect, came back: {came_back}. "
        f"Is it running there? The address comes from Temporal's profile {profile!r} or TEMPORAL_ADDRESS.",
        retryable=True,
    )
