"""Asking one run about itself from a page: a connection is made for it, and closed after."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from app.errors import AskError
from connectors.errors import ConnectorError
from connectors.temporal.config import TemporalConfig
from connectors.temporal.connect import connect
from connectors.temporal.connection import Connection
from connectors.temporal.questions import STACK_TRACE, RunMetadata, ask_run, metadata_of

Result = TypeVar("Result")
# A query that no worker answers ends after 10 s; two of them, and the way there.
PATIENCE_SECONDS = 25


@dataclass(frozen=True)
class RunSays:
    """What a run said of itself. Where one part failed, its place holds the sentence that says why."""

    metadata: RunMetadata | None
    metadata_fault: str
    stack_trace: str
    stack_fault: str


def look(clusters: Sequence[TemporalConfig], source: str, workflow_id: str, run_id: str) -> RunSays:
    """What the run declares, and where its code stands. Raises AskError and ConnectorError where nothing answers."""

    async def asked(connection: Connection) -> RunSays:
        found = await asyncio.gather(
            metadata_of(connection, workflow_id, run_id),
            ask_run(connection, workflow_id, run_id, STACK_TRACE),
            return_exceptions=True,
        )
        metadata, stack = found
        for each in found:
            if isinstance(each, BaseException) and not isinstance(each, ConnectorError):
                raise each
        return RunSays(
            metadata if isinstance(metadata, RunMetadata) else None,
            str(metadata) if isinstance(metadata, ConnectorError) else "",
            stack if isinstance(stack, str) else "",
            str(stack) if isinstance(stack, ConnectorError) else "",
        )

    return _with_connection(clusters, source, asked)


def ask(clusters: Sequence[TemporalConfig], source: str, workflow_id: str, run_id: str, query: str) -> str:
    """What the run answers to one of its queries. Raises AskError and ConnectorError."""
    return _with_connection(clusters, source, lambda connection: ask_run(connection, workflow_id, run_id, query))


def _with_connection(
    clusters: Sequence[TemporalConfig], source: str, work: Callable[[Connection], Awaitable[Result]]
) -> Result:
    places = {cluster.source(name): (cluster, name) for cluster in clusters for name in cluster.namespaces}
    if source not in places:
        raise AskError(f"{source} is no Temporal namespace of this config, so nobody can be asked there.")

    async def run() -> Result:
        connection = await connect(*places[source])
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await work(connection)
        except TimeoutError:
            raise AskError(f"{source} did not answer within {PATIENCE_SECONDS} s. Ask again.") from None
        finally:
            await connection.close()

    return asyncio.run(run())
