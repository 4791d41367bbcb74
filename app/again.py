"""Read again what Temporal still has: what differs on the two sides, and values that a stream declares since."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar, cast

from duckdb import DuckDBPyConnection

import warehouse
from app.service import Service
from connectors.errors import ConnectorError
from connectors.temporal.again import AgainResult, read_again
from connectors.temporal.connect import connect
from connectors.temporal.connection import Connection
from connectors.temporal.reconciliation import Reconciliation, reconcile
from value_stream import declared_paths
from warehouse import Batch, KeptRuns, WarehouseError

Result = TypeVar("Result", AgainResult, Reconciliation)


@dataclass(frozen=True)
class Again:
    """How one source was read again: runs read, runs Temporal does not have any more, runs that were not as there.

    `error` is one sentence, None when nothing went wrong.
    """

    source: str
    runs: int = 0
    gone: int = 0
    repaired: int = 0
    error: str | None = None


async def again(service: Service) -> AsyncIterator[Again]:
    """Each Temporal source in turn: compare with it and read again what differs, then fill in declared values.

    Needs the warehouse for itself. What was written when it ends in the middle is kept; the rest is left to the next.
    """
    for cluster in service.config.temporal:
        for namespace in cluster.namespaces:
            source = cluster.source(namespace)
            try:
                connection = await connect(cluster, namespace)
                try:
                    yield await _again(service, connection, source)
                finally:
                    await connection.close()
            except (ConnectorError, WarehouseError) as error:
                yield Again(source, error=str(error))


async def _again(service: Service, connection: Connection, source: str) -> Again:
    declared = declared_paths(service.streams)
    with closing(service.warehouse.cursor()) as con:
        warehouse.register_source(con, source, "temporal")
        comparing = reconcile(
            connection,
            here=KeptRuns(con, source),
            known=partial(warehouse.known_runs, con, source),
            watermark=warehouse.watermark(con, source),
            declared=declared,
        )
        compared = await _written(con, source, comparing, Reconciliation)
        runs = warehouse.runs_of_items(con, source)
        read = await _written(con, source, read_again(connection, runs=runs, declared=declared), AgainResult)
    repaired = sum(each.is_read_again for each in compared.differences)
    return Again(source, read.runs, read.gone, repaired, error=read.error or compared.error)


async def _written(
    con: DuckDBPyConnection, source: str, parts: AsyncIterator[Batch | Result], kind: type[Result]
) -> Result:
    """Write every batch as it comes; the result that comes last."""
    async with aclosing(cast(AsyncGenerator[Batch | Result], parts)) as told:
        async for part in told:
            if isinstance(part, kind):
                return part
            if isinstance(part, Batch):
                warehouse.write_batch(con, source, part, datetime.now(UTC))
    raise ConnectorError(f"Reading {source} again ended without a result.", retryable=True)
