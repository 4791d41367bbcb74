"""Traps that only a real server sets: late starts, what a reset applies again, reused ids, a program's exit."""

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from tests.connectors.temporal.test_links import mirrored, reset
from tests.fixtures.streams import a_stream, arrow, put_in_force, stage
from tests.fixtures.workflows import Story, held, storyteller, until
from warehouse import uneven_items
from warehouse.comparison import differing_rows

pytestmark = pytest.mark.server

# Connect, ask, let go, end: what a cron job does. Without a pause before its end one in four aborts.
SHORT_LIVED = """
import asyncio, sys
from connectors.temporal.config import TemporalConfig
from connectors.temporal.connect import connect
async def main():
    connection = await connect(TemporalConfig(), "default")
    await connection.count_runs("")
    await connection.close()
asyncio.run(main())
"""
SHORT_LIVES = 12
AT_ONCE = 2

HEARD = a_stream(
    [
        stage("waiting", {"start": True}),
        stage("heard", {"signal": "tell"}),
        stage("decided", {"update": "decide"}),
    ],
    item={"workflow_types": ["Story"]},
    # A second signal would be a stay of its own.
    moves=[arrow("waiting", "heard"), arrow("heard", "heard"), arrow("heard", "decided"), arrow("decided", "decided")],
)
STAYS = "SELECT stage, exit_kind FROM stay WHERE NOT is_overlapped ORDER BY item_key, stay_index"


def is_sound(mirror: Any) -> bool:
    return differing_rows(mirror.con) == {} and uneven_items(mirror.con) == []


def test_an_activity_whose_start_is_written_late_moves_nothing_back(mirror: Any) -> None:
    put_in_force(mirror.con, HEARD)

    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            handle = await client.start_workflow(Story.run, [["hold"]], id=mirror.prefix, task_queue=mirror.queue)
            await until(lambda: is_started(mirror))
            await handle.signal(Story.tell, {"word": "while it runs"})
            held.add(mirror.queue)
            await handle.result()
        await until(lambda: mirrored(mirror, 1, complete=1))
        await mirror.assert_equals_temporal()

    asyncio.run(story())
    events = mirror.rows("SELECT event_id, type, time_at FROM event ORDER BY event_id")
    [late] = [event for event in events if event["type"] == 11]
    [signal] = [event for event in events if event["type"] == 26]
    assert late["event_id"] > signal["event_id"] and late["time_at"] < signal["time_at"]
    [step] = mirror.rows("SELECT scheduled_at, started_at, ended_at FROM step")
    assert step["scheduled_at"] <= step["started_at"] == late["time_at"] < step["ended_at"]
    [heard] = mirror.rows("SELECT entered_at FROM stay WHERE stage = 'heard'")
    assert heard["entered_at"] == signal["time_at"]
    assert is_sound(mirror)


def test_what_a_reset_of_a_closed_run_applies_again_counts_once(mirror: Any) -> None:
    put_in_force(mirror.con, HEARD)

    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            base = await client.start_workflow(
                Story.run, [["wait", "go"], ["wait", "on"]], id=mirror.prefix, task_queue=mirror.queue
            )
            await until(lambda: turned(mirror))
            await base.signal(Story.tell, {"word": "go"})
            await base.execute_update(Story.decide, {"word": "on"}, id=f"{mirror.prefix}-update")
            await base.result()
            await until(lambda: mirrored(mirror, 1, complete=1))
            again = await reset(client, base, await first_turn(mirror))
            await client.get_workflow_handle(mirror.prefix, run_id=again).result()
        await until(lambda: mirrored(mirror, 2, complete=2))
        await mirror.assert_equals_temporal()

    asyncio.run(story())
    told = mirror.rows(
        "SELECT type, count(*) AS times, count(DISTINCT reference) AS messages FROM event WHERE type IN (26, 41) "
        "GROUP BY type ORDER BY type"
    )
    assert told == [{"type": 26, "times": 2, "messages": 1}, {"type": 41, "times": 2, "messages": 1}]
    stays = [(row["stage"], row["exit_kind"]) for row in mirror.rows(STAYS)]
    assert stays == [
        ("waiting", "advanced"),
        ("heard", "advanced"),
        ("decided", "completed"),
        ("(closed)", "reset"),
        ("waiting", "completed"),
    ]
    [item] = mirror.rows("SELECT is_reopened, runs FROM item")
    assert item == {"is_reopened": True, "runs": 2}
    assert is_sound(mirror)


def test_ids_that_are_used_again_make_items_and_children_of_their_own(mirror: Any) -> None:
    put_in_force(mirror.con, a_stream([stage("open", {"start": True})], item={"workflow_types": ["Story"]}, moves=[]))
    again = f"{mirror.prefix}-again"

    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            for _ in range(2):
                await client.execute_workflow(Story.run, [], id=again, task_queue=mirror.queue)
            steps = [["child", f"{mirror.prefix}-c", []], ["child", f"{mirror.prefix}-c", []], ["tolerate", "no"]]
            await client.execute_workflow(Story.run, steps, id=mirror.prefix, task_queue=mirror.queue)
        await until(lambda: mirrored(mirror, 6, complete=6))
        await mirror.assert_equals_temporal()

    asyncio.run(story())
    items = mirror.rows("SELECT workflow_id, runs FROM item WHERE workflow_id = $again", again=again)
    assert items == [{"workflow_id": again, "runs": 1}] * 2
    parent = mirror.run(mirror.prefix)
    children = mirror.rows(
        "SELECT run_id, parent_event_id, status FROM run WHERE parent_run_id = $parent ORDER BY parent_event_id",
        parent=parent["run_id"],
    )
    assert [child["status"] for child in children] == ["completed", "completed", "failed"]
    assert len({child["parent_event_id"] for child in children}) == 3
    steps = mirror.rows("SELECT kind, ended FROM step JOIN run USING (run_key) WHERE kind = 'child' ORDER BY event_id")
    assert [step["ended"] for step in steps] == ["completed", "completed", "failed"]
    assert is_sound(mirror)


def test_a_program_that_lives_for_a_moment_ends_in_peace(temporal_server: str) -> None:
    environment = {"TEMPORAL_ADDRESS": temporal_server, "PATH": "", "HOME": "/nonexistent"}
    ended = []
    for _ in range(0, SHORT_LIVES, AT_ONCE):
        lives = [subprocess.Popen([sys.executable, "-c", SHORT_LIVED], env=environment) for _ in range(AT_ONCE)]
        ended += [life.wait(60) for life in lives]

    assert ended == [0] * SHORT_LIVES


async def first_turn(mirror: Any) -> int:
    """The id of the event that ended the first worker turn of the only run."""
    rows = mirror.rows("SELECT min(event_id) AS event_id FROM event WHERE type = 7")
    return int(rows[0]["event_id"])


async def turned(mirror: Any) -> bool:
    """Whether the only run had its first worker turn."""
    await mirror.round()
    return mirror.rows("SELECT 1 FROM event WHERE type = 7") != []


async def is_started(mirror: Any) -> bool:
    await mirror.round()
    runs = mirror.runs()
    return len(runs) == 1 and any(row["state"] == "started" for row in mirror.pending(next(iter(runs))))
