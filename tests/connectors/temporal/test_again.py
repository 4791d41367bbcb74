"""Values declared after a run was read are filled in, while Temporal still has the run."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

import warehouse
from connectors.temporal.again import AgainResult, read_again
from tests.fixtures.history_events import Path
from tests.fixtures.streams import a_stream, by_attribute, put_in_force
from tests.fixtures.workflows import Story, storyteller, until

pytestmark = pytest.mark.server

STEPS = [["greet", "Ada"], ["memo", {"channel": "mail"}], ["wait", "go"]]
LATER = (
    Path("activity_result", "greet", "result.length"),
    Path("signal", "tell", "input.word"),
    Path("memo", None, "memo.channel"),
)
SOURCE = "main/default"


async def again(mirror: Any, declared: Iterable[Path] = LATER) -> AgainResult:
    """Read again, each batch written as the service would."""
    runs = warehouse.runs_of_items(mirror.con, SOURCE)
    async for part in read_again(mirror.connection, runs=runs, declared=declared, clock=mirror.clock):
        if isinstance(part, AgainResult):
            return part
        assert (part.runs.num_rows, part.events.num_rows, part.pending.num_rows) == (0, 0, 0)
        warehouse.write_batch(mirror.con, SOURCE, part, mirror.clock())
    raise AssertionError("reading again ends with its result")


async def reached(mirror: Any, workflow_id: str, events: int) -> bool:
    """Whether, after one more round, that many events of the run are here."""
    await mirror.round()
    found = mirror.rows("SELECT next_event_id FROM run WHERE workflow_id = $id", id=workflow_id)
    return bool(found) and found[0]["next_event_id"] > events


async def ended(mirror: Any, workflow_id: str) -> bool:
    """Whether, after one more round, the run is here to its end."""
    await mirror.round()
    return bool(mirror.rows("SELECT 1 FROM run WHERE workflow_id = $id AND is_complete", id=workflow_id))


def test_newly_declared_paths_are_filled_for_open_and_closed_runs_and_reading_again_twice_changes_nothing(
    mirror: Any,
) -> None:
    put_in_force(mirror.con, a_stream(by_attribute("quote", "done"), item={"workflow_types": ["Story"]}))

    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            for name in ("open", "closed"):
                await client.start_workflow(Story.run, STEPS, id=f"{mirror.prefix}-{name}", task_queue=mirror.queue)
            closing = client.get_workflow_handle(f"{mirror.prefix}-closed")
            await closing.signal(Story.tell, {"word": "go"})
            await closing.result()
            await until(lambda: reached(mirror, f"{mirror.prefix}-open", 11))
            await until(lambda: ended(mirror, f"{mirror.prefix}-closed"))
            run_ids = [mirror.run(f"{mirror.prefix}-{name}")["run_id"] for name in ("open", "closed")]
            assert [mirror.attributes(run_id) for run_id in run_ids] == [[], []]

            result = await again(mirror)

            filled = [[(path, value) for _, path, value in mirror.attributes(run_id)] for run_id in run_ids]
            told = [("result.length", "3"), ("memo.channel", "mail")]
            assert sorted(filled[0]) == sorted(told)
            assert sorted(filled[1]) == sorted([*told, ("input.word", "go")])
            assert (result.runs, result.gone, result.failed, result.error) == (2, 0, 0, None)
            assert result.requests == 1 + 2  # the namespace, and a page of each run
            before = mirror.rows("SELECT * FROM attribute ORDER BY ALL"), mirror.rows("SELECT * FROM stay ORDER BY ALL")
            await again(mirror)
            assert before == (
                mirror.rows("SELECT * FROM attribute ORDER BY ALL"),
                mirror.rows("SELECT * FROM stay ORDER BY ALL"),
            )
            # The open run goes on, and its rounds go on with it.
            mirror.declared = LATER
            await client.get_workflow_handle(f"{mirror.prefix}-open").signal(Story.tell, {"word": "go"})
            await client.get_workflow_handle(f"{mirror.prefix}-open").result()
            await until(lambda: ended(mirror, f"{mirror.prefix}-open"))
        await mirror.assert_equals_temporal()

    asyncio.run(story())


def test_a_run_that_temporal_has_forgotten_keeps_what_it_has_and_is_counted(mirror: Any) -> None:
    put_in_force(mirror.con, a_stream(by_attribute("quote", "done"), item={"workflow_types": ["Story"]}))

    async def story() -> None:
        client = await mirror.client()
        async with storyteller(client, mirror.queue):
            await client.execute_workflow(Story.run, [["stage", "quote"]], id=mirror.prefix, task_queue=mirror.queue)
            await until(lambda: ended(mirror, mirror.prefix))
        kept = mirror.attributes(mirror.run(mirror.prefix)["run_id"])
        mirror.con.execute("UPDATE run SET run_id = 'b3a8f0c2-0000-4000-8000-000000000000'").fetchall()
        assert (await again(mirror)).gone == 1
        # Closed long before the retention began: not even asked for.
        mirror.con.execute("UPDATE run SET closed_at = closed_at - INTERVAL 5 DAY").fetchall()
        result = await again(mirror)
        assert (result.gone, result.requests) == (1, 1)
        assert mirror.attributes("b3a8f0c2-0000-4000-8000-000000000000") == kept

    asyncio.run(story())
