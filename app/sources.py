"""The sources that a config names, ready for rounds; and whether they can be reached."""

import asyncio
from collections.abc import Awaitable, Container

from actions.journal import journal_path
from app.config import Config
from app.database_source import DatabaseSource, reach_database
from app.journal_source import JournalSource
from app.rounds import Source
from app.service import Service
from app.source_writer import SourceWriter
from app.temporal_source import TemporalSource
from app.write_turn import WriteTurn
from connectors import journal
from connectors.errors import ConnectorError
from connectors.temporal.config import TemporalConfig
from connectors.temporal.connect import connect
from connectors.temporal.faults import Fault
from value_stream import declared_paths


def sources_of(
    service: Service,
    turn: WriteTurn,
    *,
    limit_seconds: float | None = None,
    without: Container[str] = (),
) -> list[Source]:
    """Every source of the service's config but those `without`.

    limit_seconds bounds a round, so that what is new shows although much of the past is still to be read; None reads
    everything at once. `turn` is held while one of them writes.
    """
    config, declared = service.config, declared_paths(service.streams)
    found: list[Source] = []
    for cluster in config.temporal:
        for namespace in cluster.namespaces:
            name = cluster.source(namespace)
            writer = SourceWriter(service, name, "temporal", turn)
            found.append(TemporalSource(writer, cluster, namespace, declared, limit_seconds))
    for database in config.databases:
        found.append(DatabaseSource(SourceWriter(service, database.name, "database", turn), database))
    path = journal_path(config.warehouse)
    if config.actions.allow or path.exists():
        found.append(JournalSource(SourceWriter(service, journal.NAME, "journal", turn), path))
    return [source for source in found if source.name not in without]


async def reach_temporal(config: TemporalConfig, namespace: str) -> str:
    """Connect and look at the namespace; one sentence on it. Raises ConnectorError when that fails."""
    connection = await connect(config, namespace)
    try:
        runs = await connection.count_runs(config.query)
        return f"{connection.where} answers: {runs} runs"
    except Fault as fault:
        raise fault.as_error(connection.where) from fault
    finally:
        await connection.close()


async def reach_all(config: Config) -> dict[str, str]:
    """What is wrong with each source that cannot be reached; nothing is read or written."""
    names, tries = [], []
    for cluster in config.temporal:
        for namespace in cluster.namespaces:
            names.append(cluster.source(namespace))
            tries.append(_fault(reach_temporal(cluster, namespace)))
    for database in config.databases:
        names.append(database.name)
        tries.append(_fault(asyncio.to_thread(reach_database, database)))
    faults = await asyncio.gather(*tries)
    return {name: fault for name, fault in zip(names, faults, strict=True) if fault is not None}


async def _fault(reaching: Awaitable[object]) -> str | None:
    try:
        await reaching
    except ConnectorError as error:
        return str(error)
    return None
