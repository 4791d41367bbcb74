"""As large as Temporal lets it be: a history of 51,200 events, payloads of two megabytes."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.history.v1 import History
from temporalio.client import Client

import warehouse
from connectors.files import read_files
from tests.connectors.files.conftest import NOON, con, history, write
from tests.connectors.temporal.conftest import Mirror
from value_stream import DeclaredPath
from warehouse.comparison import differing_rows

__all__ = ["con"]

LARGEST_HISTORY = 51_200
LARGEST_PAYLOAD = 2 * 1024 * 1024 - 4096  # The server's limit, less what is around it.


def long_history(size: int) -> History:
    """A run that is told something again and again, and never ends."""
    made = history(closed=False)
    signal = made.events[-1]
    for number in range(len(made.events) + 1, size + 1):
        event = made.events.add()
        event.CopyFrom(signal)
        event.event_id, event.task_id = number, 1000 + number
        event.event_time.FromDatetime((NOON + timedelta(seconds=number)).replace(tzinfo=None))
    return made


@pytest.mark.timeout(120)  # A quadratic step would take hours.
def test_a_history_of_the_greatest_length_is_imported_in_bounded_time(con: Any, tmp_path: Path) -> None:
    file = tmp_path / "long.bin"
    file.write_bytes(long_history(LARGEST_HISTORY).SerializeToString())

    faults = write(con, read_files([file], known=lambda run_ids: warehouse.known_anywhere(con, run_ids)))

    assert faults == []
    (found,) = warehouse.rows(con, "SELECT count(*) AS events, max(event_id) AS newest FROM event")
    assert found == {"events": LARGEST_HISTORY, "newest": LARGEST_HISTORY}
    assert differing_rows(con) == {}


@pytest.mark.server
def test_payloads_of_two_megabytes_arrive_cut_and_flagged_and_lose_no_event(temporal_server: str) -> None:
    word = "w" * (LARGEST_PAYLOAD - len('{"word":""}'))
    declared = [DeclaredPath("start", "Long", "input.word"), DeclaredPath("signal", "tell", "input.word")]
    mirror = Mirror(temporal_server, declared=declared)

    async def story() -> None:
        client: Client = await mirror.client()
        for index in range(2):
            handle = await client.start_workflow(
                "Long", {"word": word}, id=f"{mirror.prefix}-{index}", task_queue=mirror.queue
            )
            for _ in range(3):
                await handle.signal("tell", {"word": word})
            await handle.terminate("enough")
        result = await mirror.round()
        assert result.error is None and result.is_complete
        await mirror.assert_equals_temporal()

    asyncio.run(story())
    values = mirror.rows("SELECT value, is_cut FROM attribute WHERE path = 'input.word'")
    mirror.warehouse.close()
    assert len(values) == 2 * 4
    assert {(len(row["value"]), row["is_cut"]) for row in values} == {(1024, True)}
