"""Ask a cluster which namespaces it has."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from temporalio.api.enums.v1 import NamespaceState

from connectors.errors import ConnectorError
from connectors.temporal.config import TemporalConfig
from connectors.temporal.connect import connect, namespace_of_profile
from connectors.temporal.connection import Connection
from connectors.temporal.faults import Fault

SYSTEM = frozenset({"temporal-system"})


@dataclass(frozen=True)
class FoundNamespace:
    """A namespace. `open_runs` is the server's own count; None where `problem`, one sentence, says why not."""

    name: str
    open_runs: int | None
    problem: str | None = None


@dataclass(frozen=True)
class FoundCluster:
    """What answered at `address`. `problem` says why its namespaces were not listed, when they were not."""

    address: str
    namespaces: tuple[FoundNamespace, ...]
    problem: str | None = None


async def find_namespaces(config: TemporalConfig) -> FoundCluster:
    """All namespaces but Temporal's own and deleted ones, by name, each with its open runs. Changes nothing.

    Credentials for one namespace, as Temporal Cloud gives them out, may not list: then it is that of the profile alone.
    Raises ConnectorError when nothing answers, or the profile cannot be loaded.
    """
    own = namespace_of_profile(config)
    connection = await connect(config, own)
    try:
        problem = None
        try:
            names = sorted({name async for name in _listed(connection)} - SYSTEM)
        except Fault as fault:
            names, problem = [own], str(fault.as_error(connection.address))
        found = [await _found(connection.in_namespace(name)) for name in names]
    finally:
        await connection.close()
    if problem is not None and all(namespace.problem for namespace in found):
        raise ConnectorError(problem, retryable=True)
    return FoundCluster(connection.address, tuple(found), problem)


async def _listed(connection: Connection) -> AsyncIterator[str]:
    token = b""
    while True:
        page = await connection.list_namespaces(token)
        for namespace in page.namespaces:
            if namespace.namespace_info.state != NamespaceState.NAMESPACE_STATE_DELETED:
                yield namespace.namespace_info.name
        token = page.next_page_token
        if not token:
            return


async def _found(connection: Connection) -> FoundNamespace:
    try:
        return FoundNamespace(connection.namespace, await connection.count_runs("CloseTime IS NULL"))
    except Fault as fault:
        return FoundNamespace(connection.namespace, None, str(fault.as_error(connection.where)))
