"""Rounds within a time limit, runs that cannot be read, and how far back the past was read."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode

from connectors.errors import ConnectorError
from connectors.temporal.budget import Budget, Rate
from connectors.temporal.watermark import Watermark, narrowed
from tests.fixtures.streams import a_stream, put_in_force, stage
from tests.fixtures.workflows import Story, storyteller, until

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Broken:
    """The service, but for the histories of some runs: the edge, faked, as no server can be made to lose data."""

    def __init__(self, service: Any, runs: set[str]) -> None:
        self.service = service
        self.runs = runs

    def __getattr__(self, name: str) -> Any:
        return getattr(self.service, name)

    async def get_workflow_execution_history(self, request: Any, **options: Any) -> Any:
        if request.execution.run_id in self.runs:
            raise RPCError("corrupt", RPCStatusCode.DATA_LOSS, b"")
        return await self.service.get_workflow_execution_history(request, **options)


@pytest.mark.server
def test_a_run_that_cannot_be_read_does_not_stop_the_others_and_is_tried_again(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            for index in range(4):
                await client.execute_workflow(Story.run, [], id=f"{mirror.prefix}-{index}", task_queue=mirror.queue)
        connection = await mirror.connect()
        await until(lambda: closed_there(mirror, 4))
        runs = await connection.list_runs(connection.config.query, page_size=10, token=b"")
        corrupt = runs.executions[1].execution.run_id
        whole, connection._service = connection._service, Broken(connection._service, {corrupt})
        for _ in range(2):
            result = await mirror.round()
            assert not result.is_complete
            assert result.error == (
                f"Temporal at {mirror.address}/default: 1 run(s) could not be read; the first: "
                f"tried to read the history of run {corrupt}, came back DATA_LOSS: corrupt."
            )
            assert len(mirror.runs()) == 3 and corrupt not in mirror.runs()
        connection._service = whole
        assert (await mirror.round()).error is None
        await mirror.assert_equals_temporal()
        assert (await mirror.round()).requests == 2  # list and count: nothing is left to be tried

    asyncio.run(story())


@pytest.mark.server
def test_within_a_time_limit_open_runs_take_turns_and_the_oldest_check_is_the_as_of(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        for index in range(30):
            await client.start_workflow(Story.run, [], id=f"{mirror.prefix}-{index}", task_queue=mirror.queue)
        await until(lambda: known_here(mirror, 30))
        memory = mirror.connection.memory
        mirror.connection.budget._requests = Rate(10)
        before = {run_id: watch.checked_at for run_id, watch in memory.watches.items()}
        result = await mirror.round(limit_seconds=0.2)
        after = {run_id: watch.checked_at for run_id, watch in memory.watches.items()}
        checked = [run_id for run_id in before if after[run_id] != before[run_id]]
        assert 0 < len(checked) < 30
        assert not result.is_complete and result.error is None
        assert result.as_of_at == min(after.values())
        for _ in range(8):
            result = await mirror.round(limit_seconds=0.2)
        assert result.as_of_at > max(before.values())

    asyncio.run(story())


@pytest.mark.server
def test_within_a_time_limit_what_items_are_made_of_is_asked_after_more_often(mirror: Any) -> None:
    put_in_force(mirror.con, a_stream([stage("open", {"start": True})], item={"workflow_types": ["Story"]}, moves=[]))

    async def story() -> None:
        client = await mirror.client()
        for index in range(30):
            kind = "Story" if index % 3 == 0 else "Poller"
            await client.start_workflow(kind, [], id=f"{mirror.prefix}-{index}", task_queue=mirror.queue)
        await until(lambda: known_here(mirror, 30))
        items = {run_id for run_id, run in mirror.runs().items() if run["workflow_type"] == "Story"}
        memory = mirror.connection.memory
        asked = dict.fromkeys(mirror.runs(), 0)
        mirror.connection.budget._requests = Rate(20)
        for _ in range(12):
            before = {run_id: watch.checked_at for run_id, watch in memory.watches.items()}
            await mirror.round(limit_seconds=0.2)
            for run_id, watch in memory.watches.items():
                asked[run_id] += watch.checked_at != before[run_id]
        assert min(asked.values()) > 0, "whatever belongs to no item is asked after, too"
        of_items = sum(asked[run_id] for run_id in items) / 10
        of_others = sum(times for run_id, times in asked.items() if run_id not in items) / 20
        assert of_items > 1.5 * of_others

    asyncio.run(story())


async def known_here(mirror: Any, count: int) -> bool:
    await mirror.round()
    return len(mirror.runs()) == count


async def closed_there(mirror: Any, count: int) -> bool:
    return await mirror.connection.count_runs(f"{mirror.connection.config.query} AND CloseTime IS NOT NULL") >= count


def test_a_watermark_reads_back_as_it_was() -> None:
    mark = Watermark(NOON, NOON, is_past_read=True, listed_at=NOON, again=(("w", "r"),))
    assert Watermark.from_text(mark.to_text()) == mark
    assert Watermark.from_text(Watermark().to_text()) == Watermark() == Watermark.from_text(None)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"closed_at": 7}', "2026-03-02"])
def test_a_watermark_that_is_not_ours_is_refused(text: str) -> None:
    with pytest.raises(ConnectorError, match="not ours"):
        Watermark.from_text(text)


def test_the_first_list_is_of_open_runs_and_later_ones_overlap_by_the_servers_own_clock() -> None:
    assert Watermark().recent_query() == "CloseTime IS NULL"
    assert Watermark(is_past_read=True).recent_query() == ""
    later = Watermark().with_close(NOON).with_close(None).with_close(NOON.replace(hour=11))
    assert later.recent_query() == "(CloseTime IS NULL OR CloseTime >= '2026-03-02T11:55:00Z')"
    assert Watermark().past_query() == "CloseTime IS NOT NULL"
    assert Watermark(before_at=NOON).past_query() == "CloseTime <= '2026-03-02T12:00:00Z'"


def test_a_query_of_the_config_narrows_ours() -> None:
    assert narrowed("CloseTime IS NULL", "A = 'x' OR B = 'y'") == "CloseTime IS NULL AND (A = 'x' OR B = 'y')"
    assert narrowed("", "A = 'x'") == "A = 'x'"
    assert narrowed("CloseTime IS NULL", "") == "CloseTime IS NULL"


def test_a_budget_lets_a_seconds_worth_through_at_once_and_then_keeps_the_rate() -> None:
    async def story() -> None:
        budget = Budget(requests_per_second=20, visibility_per_second=5)
        clock = asyncio.get_running_loop().time
        began = clock()
        await asyncio.gather(*(budget.spend(answer) for _ in range(20)))
        assert clock() - began < 0.5
        await asyncio.gather(*(budget.spend(answer) for _ in range(10)))
        assert clock() - began >= 0.45
        assert (budget.asked.requests, budget.asked.throttled) == (30, 0)

    async def answer() -> None:
        return None

    asyncio.run(story())


def test_a_refusal_halves_the_rate_is_counted_and_the_request_sent_again() -> None:
    answers: list[Callable[[], int]] = [refuse, refuse, lambda: 7]

    async def answer() -> int:
        return answers.pop(0)()

    async def story() -> None:
        budget = Budget(requests_per_second=100, visibility_per_second=100)
        assert await budget.spend(answer, visibility=True) == 7
        assert (budget.asked.requests, budget.asked.throttled) == (3, 2)
        assert 25 <= budget._visibility.present < 30
        assert budget._requests.present == 100

    asyncio.run(story())


def refuse() -> int:
    raise RPCError("rate limit exceeded", RPCStatusCode.RESOURCE_EXHAUSTED, b"")
