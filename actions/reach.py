"""The namespaces that a plan's items live in: read and write connections, made when they are first needed."""

import asyncio
from collections.abc import Sequence

from actions.config import ActionsConfig
from actions.errors import ActionError
from actions.verb import Server
from actions.writer import Writer, connect_writer
from connectors.temporal.config import TemporalConfig
from connectors.temporal.connect import connect
from connectors.temporal.connection import Connection
from connectors.temporal.faults import Fault


class Reach:
    """Connections by the name of their source. The writing ones are made only when actions are allowed."""

    def __init__(self, clusters: Sequence[TemporalConfig], actions: ActionsConfig) -> None:
        self._actions = actions
        self._places = {cluster.source(name): (cluster, name) for cluster in clusters for name in cluster.namespaces}
        self._readers: dict[str, Connection] = {}
        self._writers: dict[str, Writer] = {}
        self._servers: dict[str, Server] = {}
        self._turn = asyncio.Lock()

    async def reader(self, source: str) -> Connection:
        """To look at runs. Raises ConnectorError, and ActionError for a source that is no Temporal of the config."""
        async with self._turn:
            if source not in self._readers:
                self._readers[source] = await connect(*self._place(source))
            return self._readers[source]

    async def writer(self, source: str) -> Writer:
        """To act on runs. Raises as `reader` does, and ActionError where actions are not allowed."""
        if not self._actions.allow:
            raise ActionError("Nudges are off here: the config says [actions] allow = false.")
        async with self._turn:
            if source not in self._writers:
                self._writers[source] = await connect_writer(self._actions, *self._place(source))
            return self._writers[source]

    async def server(self, source: str) -> Server:
        """What the server can do. Raises as `reader` does."""
        connection = await self.reader(source)
        if source not in self._servers:
            try:
                info = (await connection.describe_namespace()).namespace_info
                version = await connection.server_version()
            except Fault as fault:
                raise fault.as_error(connection.where) from fault
            able = {field.name for field, value in info.capabilities.ListFields() if value}
            self._servers[source] = Server(version, frozenset(able))
        return self._servers[source]

    async def close(self) -> None:
        """Let go of all of them."""
        closing = [reader.close() for reader in self._readers.values()]
        closing += [writer.close() for writer in self._writers.values()]
        await asyncio.gather(*closing)

    def _place(self, source: str) -> tuple[TemporalConfig, str]:
        if source not in self._places:
            raise ActionError(f"{source} is no Temporal namespace of this config, so nothing can be done there.")
        return self._places[source]
