"""Several clusters and namespaces in one warehouse, each a source of its own."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

import warehouse
from connectors.temporal.config import TemporalConfig
from connectors.temporal.connect import connect
from connectors.temporal.rounds import RoundResult, read_round
from tests.fixtures.streams import a_stream, put_in_force, stage
from tests.fixtures.temporal import dev_server
from tests.fixtures.workflows import Story, storyteller, until

pytestmark = pytest.mark.server

QUEUE = "everywhere"
SAME_ID = "claim-7"


def streams(*names: str) -> list[Any]:
    """One stream a name: of all sources, or of those that stand behind a colon."""
    made = []
    for name in names:
        own, _, source = name.partition(":")
        item = {"workflow_types": ["Story"], **({"sources": [source]} if source else {})}
        made.append(a_stream([stage("begun", {"start": True})], stream=own, item=item))
    return made


async def tell(address: str, namespace: str) -> None:
    """A story to its end, under the same workflow id everywhere."""

    async def connected() -> Client | None:
        try:
            client = await Client.connect(address, namespace=namespace)
            await client.count_workflows("")
            return client
        except RPCError:  # a namespace that was made a moment ago
            return None

    client = await until(connected)
    async with storyteller(client, QUEUE):
        await client.execute_workflow(Story.run, [["greet", namespace]], id=SAME_ID, task_queue=QUEUE)


async def mirrored(con: Any, config: TemporalConfig, namespace: str, address: str) -> bool:
    """Whether, after a round, the story of this source is here to its end."""
    source = config.source(namespace)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEMPORAL_ADDRESS", address)
        connection = await connect(config, namespace)
    warehouse.register_source(con, source, "temporal")
    async for part in read_round(
        connection,
        known=lambda run_ids: warehouse.known_runs(con, source, run_ids),
        watermark=warehouse.watermark(con, source),
    ):
        if isinstance(part, RoundResult):
            result = warehouse.Round(part.started_at, part.ended_at, part.is_complete, watermark=part.watermark)
            warehouse.finish_round(con, source, result)
        else:
            warehouse.write_batch(con, source, part, datetime.now(UTC))
    await connection.close()
    found = "SELECT 1 FROM run JOIN source USING (source_key) WHERE source = $source AND is_complete"
    return bool(warehouse.rows(con, found, source=source))


def test_two_clusters_and_two_namespaces_are_three_sources_and_a_stream_may_name_its_own(
    temporal_server: str,
) -> None:
    opened = warehouse.open_warehouse(None)
    con = opened.cursor()
    put_in_force(con, *streams("all", "one:east/other"))

    async def story(second: str) -> None:
        first = await Client.connect(second)
        request = RegisterNamespaceRequest(namespace="other")
        request.workflow_execution_retention_period.FromSeconds(86400)
        await first.workflow_service.register_namespace(request)
        east = TemporalConfig(name="east", namespaces=("default", "other"))
        main = TemporalConfig(name="main", query=f"TaskQueue = '{QUEUE}'")
        places = [(main, "default", temporal_server), (east, "default", second), (east, "other", second)]
        for config, namespace, address in places:
            await tell(address, namespace)
            await until(lambda c=config, n=namespace, a=address: mirrored(con, c, n, a))

    with dev_server() as server:
        asyncio.run(story(server.address))

    items = warehouse.rows(con, "SELECT stream, source FROM item JOIN source USING (source_key) ORDER BY ALL")
    assert [(row["stream"], row["source"]) for row in items] == [
        ("all", "east/default"),
        ("all", "east/other"),
        ("all", "main/default"),
        ("one", "east/other"),
    ]
    # A cluster that is gone from the config, and from the world, keeps its rows; so does a stream that names it.
    before = warehouse.rows(con, "SELECT * FROM event ORDER BY ALL")
    put_in_force(con, *streams("all", "one:east/default"))
    assert warehouse.rows(con, "SELECT * FROM event ORDER BY ALL") == before
    of_one = "SELECT source FROM item JOIN source USING (source_key) WHERE stream = 'one'"
    assert warehouse.rows(con, of_one) == [{"source": "east/default"}]
    con.close()
    opened.close()
