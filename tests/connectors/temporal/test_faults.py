"""Temporal gone, back, empty, refusing, unreachable: nothing lost, nothing doubled, one sentence for people."""

import asyncio
import re
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.client import Client

from connectors.errors import ConnectorError
from connectors.temporal.budget import Rate
from connectors.temporal.config import TemporalConfig
from connectors.temporal.connect import connect
from tests.fixtures.temporal import dev_server, free_port
from tests.fixtures.workflows import Story, storyteller, until

pytestmark = pytest.mark.server


async def start(client: Client, mirror: Any, count: int) -> None:
    for index in range(count):
        await client.start_workflow(
            Story.run, [["greet", "x"], ["wait", "go"]], id=f"{mirror.prefix}-{index}", task_queue=mirror.queue
        )


async def quiet(mirror: Any, events: int) -> bool:
    """Whether all the runs have that many events here after one more round."""
    await mirror.round()
    return {run["next_event_id"] for run in mirror.runs().values()} == {events + 1}


def test_a_server_that_is_killed_in_mid_round_and_comes_back_is_mirrored_exactly(
    mirror_of: Callable[..., Any], tmp_path: Path
) -> None:
    async def story() -> None:
        with dev_server(file=tmp_path / "temporal.db") as server:
            mirror = mirror_of(server.address)
            client = await mirror.client()
            async with storyteller(client, mirror.queue):
                await start(client, mirror, 12)
                await until(lambda: quiet(mirror, 10), seconds=60)
                for index in range(6):
                    await client.get_workflow_handle(f"{mirror.prefix}-{index}").signal(Story.tell, {"word": "go"})
                for index in range(6):
                    await client.get_workflow_handle(f"{mirror.prefix}-{index}").result()
            connection = await mirror.connect()
            connection.budget._requests = Rate(5)  # slow enough to be in the middle of it
            reading = asyncio.create_task(mirror.round())
            await until(lambda: asked(mirror, 6))
            server.kill()
            result = await reading
            connection.budget._requests = Rate(500)
            assert not result.is_complete and result.watermark is None and result.as_of_at is None
            assert f"Temporal at {server.address}/default: tried to" in result.error
            assert "The next round tries again." in result.error
            server.start()
            await until(lambda: healthy(mirror), seconds=30)
            await mirror.assert_equals_temporal()
            assert mirror.rows("SELECT count(*) AS n FROM event GROUP BY run_key, event_id HAVING n > 1") == []
            assert sum(run["is_complete"] for run in mirror.runs().values()) == 6

    async def asked(mirror: Any, requests: int) -> bool:
        return bool(mirror.connection.budget.asked.requests >= requests)

    async def healthy(mirror: Any) -> bool:
        return bool((await mirror.round()).is_complete)

    asyncio.run(story())


def test_runs_of_a_server_that_forgot_them_are_lost_from_sight_and_not_asked_after_again(
    mirror_of: Callable[..., Any],
) -> None:
    async def story() -> None:
        with dev_server() as server:
            mirror = mirror_of(server.address)
            client = await mirror.client()
            await start(client, mirror, 3)
            await until(lambda: quiet(mirror, 2))
            checked = {run_id: watch.checked_at for run_id, watch in mirror.connection.memory.watches.items()}
            server.kill()
            server.start()  # in memory: it knows nothing any more
            await until(lambda: all_lost(mirror))
            lost = mirror.runs()
            assert {run["closed_at"] for run in lost.values()} == {None}
            assert {run_id: run["observed_until_at"] for run_id, run in lost.items()} == checked
            result = await mirror.round()
            assert (result.requests, result.error, result.open_there) == (2, None, 0)  # list and count
            assert mirror.runs() == lost

    async def all_lost(mirror: Any) -> bool:
        await mirror.round()
        return all(run["observed_until_at"] for run in mirror.runs().values())

    asyncio.run(story())


def test_a_run_that_was_lost_from_sight_and_is_listed_again_is_open_again(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        await start(client, mirror, 1)
        await until(lambda: quiet(mirror, 2))
        mirror.con.execute("UPDATE run SET observed_until_at = TIMESTAMPTZ '2031-01-01 00:00:00+00'")
        await mirror.connect()
        result = await mirror.round()
        (run,) = mirror.runs().values()
        assert (run["observed_until_at"], run["status"], result.error) == (None, "running", None)
        await mirror.assert_equals_temporal()
        await client.get_workflow_handle(f"{mirror.prefix}-0").terminate()

    asyncio.run(story())


def test_a_server_that_sends_raw_history_is_mirrored_alike(mirror_of: Callable[..., Any]) -> None:
    async def story() -> None:
        with dev_server(settings=["frontend.sendRawWorkflowHistory=true"]) as server:
            mirror = mirror_of(server.address)
            client = await mirror.client()
            async with storyteller(client, mirror.queue):
                await start(client, mirror, 2)
                await until(lambda: quiet(mirror, 10))
                (run_id, *_) = mirror.runs()
                execution = WorkflowExecution(workflow_id=mirror.runs()[run_id]["workflow_id"], run_id=run_id)
                request = GetWorkflowExecutionHistoryRequest(namespace="default", execution=execution)
                page = await client.workflow_service.get_workflow_execution_history(request)
                assert page.raw_history and not page.history.events  # it does send raw history
                await client.get_workflow_handle(f"{mirror.prefix}-0").signal(Story.tell, {"word": "go"})
                await until(lambda: one_complete(mirror))
            kinds = sorted([kind for _, kind, _ in mirror.events(run_id)] for run_id in mirror.runs())
            waiting = [1, 5, 6, 7, 10, 11, 12, 5, 6, 7]
            assert kinds == [waiting, [*waiting, 26, 5, 6, 7, 2]]

    async def one_complete(mirror: Any) -> bool:
        await mirror.round()
        return any(run["is_complete"] for run in mirror.runs().values())

    asyncio.run(story())


def test_a_server_at_its_limits_is_asked_more_slowly_and_the_refusals_are_counted(
    mirror_of: Callable[..., Any],
) -> None:
    async def story() -> None:
        settings = [
            "frontend.namespaceRPS=25",
            "frontend.namespaceBurstRatio=1.0",
            "frontend.namespaceRPS.visibility=50",
        ]
        with dev_server(settings=settings) as server:
            mirror = mirror_of(server.address)
            client = await mirror.client()
            await start(client, mirror, 40)
            await until(lambda: quiet(mirror, 2), seconds=60)
            result = await mirror.round()
            for _ in range(3):
                result = await mirror.round() if not result.throttled else result
            assert result.throttled > 0
            assert result.error is None and result.is_complete
            assert mirror.connection.budget._requests.present < 500

    asyncio.run(story())


def test_a_server_that_hangs_is_given_up_in_time_and_read_when_it_goes_on(
    mirror_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.temporal.connection.LIST_PATIENCE", timedelta(seconds=1))

    async def story() -> None:
        with dev_server() as server:
            mirror = mirror_of(server.address)
            client = await mirror.client()
            await start(client, mirror, 1)
            await until(lambda: quiet(mirror, 2))
            assert server.process is not None
            server.process.send_signal(signal.SIGSTOP)
            try:
                result = await mirror.round()
            finally:
                server.process.send_signal(signal.SIGCONT)
            assert "tried to list runs" in result.error and "It is slow or hangs." in result.error
            assert (await mirror.round()).is_complete

    asyncio.run(story())


def test_an_address_that_nothing_answers_at_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("TEMPORAL_ADDRESS", address)
    with pytest.raises(ConnectorError) as raised:
        asyncio.run(connect(TemporalConfig(), "default"))
    assert raised.value.retryable
    assert str(raised.value) == (
        f"Temporal at {address}: tried to connect, came back: Connection refused. Is it running there? "
        "The address comes from Temporal's profile 'default' or TEMPORAL_ADDRESS."
    )


def test_the_address_may_stand_in_a_profile_file(temporal_server: str, tmp_path: Path) -> None:
    file = tmp_path / "temporal.toml"
    file.write_text(f'[profile.prod]\naddress = "{temporal_server}"\n')
    connection = asyncio.run(connect(TemporalConfig(name="eu", profile="prod", profile_file=file), "default"))
    assert (connection.where, connection.source) == (f"{temporal_server}/default", "eu/default")


def test_a_profile_that_does_not_exist_is_named(tmp_path: Path) -> None:
    file = tmp_path / "temporal.toml"
    with pytest.raises(ConnectorError, match=rf"No Temporal configuration at {file}\. Write one there"):
        asyncio.run(connect(TemporalConfig(profile_file=file), "default"))
    file.write_text("[profile.prod]\n")
    with pytest.raises(ConnectorError, match="Temporal profile 'test': Profile 'test' not found") as raised:
        asyncio.run(connect(TemporalConfig(profile="test", profile_file=file), "default"))
    assert not raised.value.retryable


@pytest.mark.parametrize(
    ("namespace", "query", "said"),
    [
        ("nowhere", "", r"tried to describe the namespace, came back NOT_FOUND: .*nowhere.* Check the namespaces"),
        ("default", "Colour = 'red'", r"tried to list runs, came back INVALID_ARGUMENT: .*Colour.* Check the query"),
    ],
)
def test_what_the_server_refuses_stands_in_the_result(
    temporal_server: str, mirror: Any, monkeypatch: pytest.MonkeyPatch, namespace: str, query: str, said: str
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal_server)

    async def story() -> None:
        mirror.connection = await connect(TemporalConfig(query=query), namespace)
        result = await mirror.round()
        assert not result.is_complete
        assert re.search(said, result.error), result.error

    asyncio.run(story())
