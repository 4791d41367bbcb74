"""Talking to Temporal: one connection for everybody, each under their own name."""

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError, RPCStatusCode

from sample_data.search_attributes import PRIORITY, REGION, STAGE

SEARCH_ATTRIBUTES = (STAGE, REGION, PRIORITY)


async def connect(identity: str) -> Client:
    """Connect as Temporal's own profiles and environment say (TEMPORAL_ADDRESS, ...), else to localhost:7233.

    Raises ConnectionError with the address when nothing answers there.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "localhost:7233")
    try:
        return await Client.connect(**config, identity=identity)
    except RuntimeError as error:
        raise ConnectionError(f"Temporal at {config['target_host']}: {error} Is it running?") from error


class NamedClient(Client):
    """A client that acts under a person's name over a connection that all share."""

    def __init__(self, shared: Client, name: str) -> None:
        super().__init__(**shared.config())
        self._name = name

    @property
    def identity(self) -> str:
        """The person's name: what Temporal writes into the history."""
        return self._name


async def add_search_attributes(client: Client) -> None:
    """Register Stage, Region and Priority in the namespace; those that exist stay as they are."""
    wanted = {key.name: key.indexed_value_type for key in SEARCH_ATTRIBUTES}
    there = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = {name: kind for name, kind in wanted.items() if name not in there.custom_attributes}
    if not missing:
        return
    types = {name: IndexedValueType.ValueType(int(kind)) for name, kind in missing.items()}
    request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=types)
    try:
        await client.operator_service.add_search_attributes(request)
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:  # Another process was quicker.
            raise
