"""Connect to a namespace, with the address and the keys from Temporal's own profiles and environment."""

import asyncio
import os
import socket
from typing import Any

from temporalio.client import Client
from temporalio.envconfig import ClientConfig, ClientConnectConfig

from connectors.errors import ConnectorError
from connectors.temporal.config import TemporalConfig
from connectors.temporal.connection import Connection
from connectors.temporal.faults import unreachable

USUAL_ADDRESS = "localhost:7233"
PATIENCE_SECONDS = 10


async def connect(config: TemporalConfig, namespace: str) -> Connection:
    """A connection to one namespace of a cluster, as `streamgauge@host`.

    Whether the namespace exists shows at the first request. Raises ConnectorError: retryable when nothing answers at
    the address, not retryable when Temporal's profile cannot be loaded.
    """
    client, address = await client_of(config, namespace)
    return Connection(client, config, namespace, address)


async def client_of(config: TemporalConfig, namespace: str) -> tuple[Client, str]:
    """A client of the SDK for one namespace, and its address. Raises ConnectorError, as `connect` does."""
    settings: dict[str, Any] = dict(_settings(config))
    address = settings.setdefault("target_host", USUAL_ADDRESS)
    settings["namespace"] = namespace
    settings["identity"] = f"streamgauge@{socket.gethostname()}"
    try:
        client = await asyncio.wait_for(Client.connect(**settings), PATIENCE_SECONDS)
    except (RuntimeError, TimeoutError) as error:  # the SDK raises bare RuntimeError
        raise unreachable(address, config.profile, error) from error
    return client, address


def namespace_of_profile(config: TemporalConfig) -> str:
    """The namespace that Temporal's profile or environment names, else `default`. Raises ConnectorError."""
    return str(_settings(config).get("namespace") or "default")


def _settings(config: TemporalConfig) -> ClientConnectConfig:
    if config.profile_file is not None and not config.profile_file.is_file():
        # The SDK would go on without the file, to localhost.
        raise ConnectorError(
            f"No Temporal configuration at {config.profile_file}. Write one there, or correct profile_file.",
            retryable=False,
        )
    file = str(config.profile_file) if config.profile_file else None
    try:
        return _load(config.profile, file)
    except (RuntimeError, OSError) as error:
        raise ConnectorError(
            f"Temporal profile {config.profile!r}: {error}. Check Temporal's own configuration file "
            f"({file or os.environ.get('TEMPORAL_CONFIG_FILE') or 'in its usual place'}).",
            retryable=False,
        ) from error


def _load(profile: str, file: str | None) -> ClientConnectConfig:
    try:
        return ClientConfig.load_client_connect_config(profile=profile, config_file=file)
    except RuntimeError:
        if profile != "default":
            raise
    # Without a file there is no profile of that name, and asking for it by name is an error.
    return ClientConfig.load_client_connect_config(profile=None, config_file=file)
