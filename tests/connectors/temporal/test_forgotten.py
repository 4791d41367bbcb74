"""A forgotten item that is still open goes on being mirrored, under another name."""

import asyncio
from typing import Any

import pytest

import warehouse
from tests.fixtures.streams import a_stream, by_attribute, put_in_force
from tests.fixtures.workflows import Story, storyteller, until

pytestmark = pytest.mark.server


async def here(mirror: Any, events: int) -> bool:
    await mirror.round()
    return bool(mirror.rows("SELECT 1 FROM run WHERE next_event_id > $events", events=events))


async def ended(mirror: Any) -> bool:
    await mirror.round()
    runs = mirror.runs().values()
    return len(runs) == 2 and all(run["is_complete"] for run in runs)


def test_a_forgotten_run_and_what_continues_it_are_read_to_their_end_and_stay_forgotten(mirror: Any) -> None:
    put_in_force(mirror.con, a_stream(by_attribute("quote", "done"), item={"workflow_types": ["Story"]}))

    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            handle = await client.start_workflow(
                Story.run,
                [["stage", "quote"], ["wait", "go"], ["continue", [["greet", "x"], ["stage", "done"]]]],
                id=f"{mirror.prefix}-of-ada",
                task_queue=mirror.queue,
            )
            await until(lambda: here(mirror, 5))
            warehouse.forget(mirror.con, f"{mirror.prefix}-of-ada", mirror.clock())
            await mirror.round()
            assert mirror.rows("SELECT observed_until_at FROM run") == [{"observed_until_at": None}]
            await handle.signal(Story.tell, {"word": "go"})
            await handle.result()
            await until(lambda: ended(mirror))
        await mirror.assert_equals_temporal()
        [name] = {run["workflow_id"] for run in mirror.runs().values()}
        assert name.startswith("forgotten-")
        stages = mirror.rows("SELECT stage FROM stay ORDER BY stay_index")
        assert [row["stage"] for row in stages] == ["quote", "done"]
        for table in ("run", "event", "attribute", "pending", "item", "step", "pending_work", "source"):
            assert "of-ada" not in str(mirror.rows(f"SELECT * FROM {table}"))

    asyncio.run(story())
