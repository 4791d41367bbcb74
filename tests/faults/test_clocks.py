"""Our clock and Temporal's differ: nothing is lost, and nothing is younger than nothing."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import metrics
import value_stream
import warehouse
from metrics import Question
from tests.app.conftest import STREAM
from tests.connectors.temporal.conftest import Mirror
from warehouse.comparison import differing_rows

TEN_MINUTES = timedelta(minutes=10)


@pytest.mark.server
@pytest.mark.parametrize("off", [TEN_MINUTES, -TEN_MINUTES], ids=["ahead", "behind"])
def test_a_clock_that_is_ten_minutes_off_loses_nothing_and_makes_no_age_negative(
    temporal_server: str, off: timedelta
) -> None:
    mirror = Mirror(temporal_server)
    mirror.clock = lambda: datetime.now(UTC) + off
    streams = value_stream.load_all([STREAM])
    versions = value_stream.stream_versions(streams)
    warehouse.replace_rules(mirror.con, value_stream.rule_rows(streams), versions, mirror.clock())

    async def begin(*names: str) -> None:
        client = await mirror.client()
        for name in names:
            await client.start_workflow("ServiceRequest", id=f"{mirror.prefix}-{name}", task_queue=mirror.queue)

    async def story() -> None:
        client = await mirror.client()
        await begin("a", "b", "c")
        assert (await mirror.round()).error is None
        await begin("d", "e")
        await client.get_workflow_handle(f"{mirror.prefix}-a").terminate("enough")
        await client.get_workflow_handle(f"{mirror.prefix}-d").terminate("enough")
        assert (await mirror.round()).error is None
        await begin("f")
        assert (await mirror.round()).error is None
        await mirror.assert_equals_temporal()

    async def after() -> None:
        await mirror.connect()
        assert (await mirror.round()).error is None
        await mirror.assert_equals_temporal()

    asyncio.run(story())
    assert len(mirror.runs()) == 6
    ages = [row[age] for row in open_items(mirror, streams[0]) for age in ("age_seconds", "stay_seconds")]
    assert all(age >= 0 for age in ages)

    mirror.clock = lambda: datetime.now(UTC)  # somebody sets it right
    asyncio.run(after())
    settled = open_items(mirror, streams[0])
    assert sorted(row["workflow_id"][-1] for row in settled) == ["b", "c", "e", "f"]
    assert all(0 <= row["stay_seconds"] <= row["age_seconds"] < TEN_MINUTES.total_seconds() for row in settled)
    assert differing_rows(mirror.con) == {}
    mirror.warehouse.close()


def open_items(mirror: Mirror, stream: value_stream.Stream) -> list[dict[str, Any]]:
    """As people see them now, by our clock."""
    return metrics.find("open_items")(mirror.con, stream, Question(mirror.clock())).to_pylist()
