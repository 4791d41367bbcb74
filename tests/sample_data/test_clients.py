"""Reaching Temporal: what a bare server lacks is added once, and each acts under their own name."""

import asyncio

import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from sample_data.clients import NamedClient, add_search_attributes, connect
from tests.fixtures.temporal import BINARY

pytestmark = pytest.mark.server


def test_search_attributes_are_added_to_a_bare_server_however_often_it_is_asked():
    async def story() -> None:
        server = await WorkflowEnvironment.start_local(
            dev_server_existing_path=str(BINARY), dev_server_log_level="error"
        )
        async with server:
            for _ in range(2):
                await asyncio.gather(*(add_search_attributes(server.client) for _ in range(3)))

            known = await server.client.operator_service.list_search_attributes(
                ListSearchAttributesRequest(namespace="default")
            )
            assert {"Stage", "Region", "Priority"} <= set(known.custom_attributes)

    asyncio.run(story())


def test_everybody_shares_a_connection_and_keeps_their_name(temporal_server):
    async def story() -> None:
        shared = await Client.connect(temporal_server, identity="people")
        aiko = NamedClient(shared, "Aiko Tanaka")

        assert (aiko.identity, shared.identity) == ("Aiko Tanaka", "people")
        assert aiko.service_client is shared.service_client

    asyncio.run(story())


def test_the_address_is_taken_from_temporals_own_environment(monkeypatch):
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")

    with pytest.raises(ConnectionError, match=r"Temporal at 127\.0\.0\.1:1: .* Is it running\?"):
        asyncio.run(connect("nobody"))
