"""The connection that writes: made only when actions are allowed, with a profile of its own where one is named."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode, WorkflowService

from actions.config import ActionsConfig
from connectors.temporal.budget import Budget
from connectors.temporal.config import TemporalConfig
from connectors.temporal.connect import client_of
from connectors.temporal.connection import SETTLE_SECONDS

Response = TypeVar("Response")

PATIENCE = timedelta(seconds=10)
# The server said no: nothing was done. Any other error leaves open whether it was.
REFUSALS = frozenset(
    {
        RPCStatusCode.INVALID_ARGUMENT,
        RPCStatusCode.NOT_FOUND,
        RPCStatusCode.ALREADY_EXISTS,
        RPCStatusCode.PERMISSION_DENIED,
        RPCStatusCode.FAILED_PRECONDITION,
        RPCStatusCode.UNIMPLEMENTED,
        RPCStatusCode.UNAUTHENTICATED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
    }
)


class Writer:
    """A namespace, to be written to. Raw service stubs: the SDK's handles fail on paused runs."""

    def __init__(self, client: Client, namespace: str, config: TemporalConfig) -> None:
        self.namespace = namespace
        self.service: WorkflowService = client.workflow_service
        self._budget = Budget(config.requests_per_second, config.visibility_per_second)

    async def ask(
        self,
        call: Callable[..., Awaitable[Response]],
        request: Any,
        *,
        patience: timedelta = PATIENCE,
        again: bool = True,
    ) -> Response:
        """Send a request that writes. `again`: when the server is at its limits, a little later once more.

        Raises RPCError.
        """
        send = partial(call, request, timeout=patience)
        return await self._budget.spend(send) if again else await send()

    async def close(self) -> None:
        """Let the connection settle, as the reader's does."""
        await asyncio.sleep(SETTLE_SECONDS)


async def connect_writer(actions: ActionsConfig, config: TemporalConfig, namespace: str) -> Writer:
    """A connection to write with. Raises ConnectorError."""
    changed = {"profile": actions.profile, "profile_file": actions.profile_file}
    own = config.model_copy(update={key: value for key, value in changed.items() if value is not None})
    client, _ = await client_of(own, namespace)
    return Writer(client, namespace, own)


def came_back(error: RPCError) -> str:
    """What the server answered, as one line."""
    return f"{error.status.name}: {' '.join(error.message.split())[:500]}"
