"""What a round brings, on a real server: everything, once."""

import asyncio
from typing import Any

import pytest

from connectors.temporal.rounds import read_round
from tests.fixtures.history_events import Path
from tests.fixtures.workflows import Story, storyteller, until

pytestmark = pytest.mark.server


async def events_there(client: Any, workflow_id: str) -> int:
    description = await client.get_workflow_handle(workflow_id).describe()
    return int(description.raw_description.workflow_execution_info.history_length)


def test_a_run_arrives_with_all_its_events_and_is_complete_when_it_closed(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            steps = [["greet", "Ada"], ["stage", "quote"], ["timer", 0.01, "remind"]]
            await client.execute_workflow(Story.run, steps, id=mirror.prefix, task_queue=mirror.queue)
        await until(lambda: listed(mirror, 1, closed=True))
        result = await mirror.round()
        await mirror.assert_equals_temporal()
        run = mirror.run(mirror.prefix)
        assert (run["status"], run["is_complete"], run["attempt"], run["workflow_type"]) == (
            "completed",
            True,
            1,
            "Story",
        )
        assert (run["first_run_id"], run["task_queue"]) == (run["run_id"], mirror.queue)
        assert run["closed_at"] > run["started_at"]
        assert mirror.event(run["run_id"], 10)["name"] == "greet"
        assert mirror.event(run["run_id"], 12)["answers_event_id"] == mirror.event(run["run_id"], 10)["event_id"]
        timer = mirror.event(run["run_id"], 17)
        assert (timer["name"], timer["due_micros"]) == ("remind", 10_000)
        assert (40, "search_attribute.Stage", "quote") in [
            (40, path, value) for _, path, value in mirror.attributes(run["run_id"])
        ]
        assert (result.is_complete, result.error, result.open_there, result.runs_changed) == (True, None, 0, 1)
        assert result.requests >= 4
        assert result.retention_seconds == 24 * 3600

    asyncio.run(story())


def test_events_of_open_runs_arrive_once_while_the_runs_move(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            handles = [
                await client.start_workflow(
                    Story.run,
                    [["wait", str(n)] for n in range(4)] + [["greet", "Ada"]],
                    id=f"{mirror.prefix}-{index}",
                    task_queue=mirror.queue,
                )
                for index in range(6)
            ]
            for n in range(4):
                moving = asyncio.gather(*(handle.signal(Story.tell, {"word": str(n)}) for handle in handles[n:]))
                await mirror.round()
                await moving
                await mirror.round(limit_seconds=0.05)
            for handle in handles[3:4]:
                await handle.result()
            await until(lambda: complete(mirror, 1))
            assert mirror.rows("SELECT count(*) AS n FROM event GROUP BY run_key, event_id HAVING n > 1") == []
        await mirror.round()
        await mirror.assert_equals_temporal()

    asyncio.run(story())


def test_a_second_round_over_quiet_runs_brings_no_row_and_one_request_for_each(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            for index in range(3):
                await client.start_workflow(
                    Story.run, [["wait", "go"]], id=f"{mirror.prefix}-{index}", task_queue=mirror.queue
                )
            await until(lambda: caught_up(mirror, client, [f"{mirror.prefix}-{index}" for index in range(3)], 4))
            await mirror.round()
            mirror.batches.clear()
            result = await mirror.round()
        assert [batch.runs.num_rows for batch in mirror.batches if batch.runs.num_rows] == []
        assert result.requests == 1 + 3 + 1  # list, Describe of each, count
        assert result.as_of_at is not None and result.as_of_at >= result.started_at

    asyncio.run(story())


def test_a_restarted_mirror_goes_on_where_it_was(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            handle = await client.start_workflow(
                Story.run, [["wait", "go"], ["greet", "Ada"]], id=mirror.prefix, task_queue=mirror.queue
            )
            await until(lambda: caught_up(mirror, client, [mirror.prefix], 4))
            await handle.signal(Story.tell, {"word": "go"})
            await handle.result()
        await mirror.connect()
        mirror.batches.clear()
        await mirror.round()
        await mirror.assert_equals_temporal()
        assert min(batch.events["event_id"][0].as_py() for batch in mirror.batches) == 5

    asyncio.run(story())


def test_many_closed_runs_come_within_a_time_limit_and_only_once(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        steps = [["stage", str(n)] for n in range(80)]
        async with storyteller(client, mirror.queue):
            for index in range(50):
                await client.execute_workflow(Story.run, steps, id=f"{mirror.prefix}-{index}", task_queue=mirror.queue)
        await until(lambda: listed(mirror, 50, closed=True))
        rounds = 0
        while not (await mirror.round(limit_seconds=0.001)).is_complete:
            rounds += 1
        assert rounds > 0
        await mirror.assert_equals_temporal()
        mirror.batches.clear()
        await mirror.connect()
        await mirror.round()
        assert mirror.batches == []
        mirror.con.execute("DELETE FROM run; DELETE FROM event; UPDATE source SET watermark = NULL")
        await mirror.connect()
        await mirror.round()
        await mirror.assert_equals_temporal()

    asyncio.run(story())


def test_a_caller_that_dies_between_two_batches_loses_nothing(mirror: Any) -> None:
    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            handle = await client.start_workflow(
                Story.run, [["greet", "x"]] * 3 + [["wait", "go"]], id=mirror.prefix, task_queue=mirror.queue
            )
            await until(lambda: there(client, mirror.prefix, 22))
            await until(lambda: listed(mirror, 1))
            connection = await mirror.connect()
            parts = read_round(connection, known=lambda run_ids: {}, watermark=None)
            async for _ in parts:
                break  # as if the write failed
            await parts.aclose()
            await handle.signal(Story.tell, {"word": "go"})
            await handle.result()
        await until(lambda: complete(mirror, 1))
        await mirror.assert_equals_temporal()

    asyncio.run(story())


def test_declared_paths_are_kept_across_restarts_of_the_mirror(mirror: Any) -> None:
    mirror.declared = (
        Path("activity_result", "greet", "result.length"),
        Path("signal", "tell", "input.word"),
        Path("update", "decide", "input.word"),
        Path("update_result", "decide", "result.accepted"),
        Path("memo", None, "memo.channel"),
    )

    async def story() -> None:
        client = await mirror.client()
        steps = [["greet", "Ada"], ["wait", "go"], ["memo", {"channel": "mail"}], ["wait", "yes"]]
        async with storyteller(client, mirror.queue):
            handle = await client.start_workflow(Story.run, steps, id=mirror.prefix, task_queue=mirror.queue)
            for move in (
                lambda: handle.signal(Story.tell, {"word": "go"}),
                lambda: handle.execute_update(Story.decide, {"word": "yes", "note": "x" * 1_000_000}, id="u-1"),
            ):
                await mirror.connect()
                await mirror.round()
                await move()
            await handle.result()
        await mirror.connect()
        await until(lambda: complete(mirror, 1))
        run_id = mirror.run(mirror.prefix)["run_id"]
        assert sorted((path, value) for _, path, value in mirror.attributes(run_id)) == [
            ("input.word", "go"),
            ("input.word", "yes"),
            ("memo.channel", "mail"),
            ("result.accepted", "yes"),
            ("result.length", "3"),
        ]
        accepted, completed = mirror.event(run_id, 41), mirror.event(run_id, 43)
        assert (accepted["name"], accepted["reference"], completed["answers_event_id"]) == (
            "decide",
            "u-1",
            accepted["event_id"],
        )
        turns = [event_id for event_id, kind, _ in mirror.events(run_id) if kind == 7]
        assert accepted["turn_event_id"] == max(turn for turn in turns if turn < accepted["event_id"])

    asyncio.run(story())


async def listed(mirror: Any, count: int, *, closed: bool = False) -> bool:
    """Whether Temporal's own list, which lags, shows that many runs."""
    connection = mirror.connection or await mirror.connect()
    query = connection.config.query + (" AND CloseTime IS NOT NULL" if closed else "")
    return await connection.count_runs(query) >= count


async def complete(mirror: Any, count: int) -> bool:
    """Whether, after one more round, that many runs are complete."""
    await mirror.round()
    return sum(run["is_complete"] for run in mirror.runs().values()) >= count


async def there(client: Any, workflow_id: str, events: int) -> bool:
    return await events_there(client, workflow_id) >= events


async def caught_up(mirror: Any, client: Any, workflow_ids: list[str], events: int) -> bool:
    """Whether all these runs have that many events there, and after one more round here."""
    for workflow_id in workflow_ids:
        await until(lambda workflow_id=workflow_id: there(client, workflow_id, events))
    await mirror.round()
    return [run["next_event_id"] for run in mirror.runs().values()] == [events + 1] * len(workflow_ids)
