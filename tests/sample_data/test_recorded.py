"""The recording that ships: small, full, and still what the workflows would do."""

import lzma
import os
from datetime import UTC, datetime, timedelta

import pyarrow.compute as pc
import pytest
from temporalio.api.export.v1 import WorkflowExecutions

from sample_data.past import recording
from tests.sample_data.replaying import replay

PARTS = sorted((recording.FOLDER / recording.HISTORIES).glob("*.pb.xz"))
# All 4,500 take minutes: STREAMGAUGE_REPLAY_ALL=1 when a workflow has changed.
EVERY = 1 if os.environ.get("STREAMGAUGE_REPLAY_ALL") else 60


@pytest.mark.slow
@pytest.mark.timeout(1800 if EVERY == 1 else 180)
def test_the_recorded_histories_replay_on_the_workflows_as_they_are():
    assert len(PARTS) == 28
    taken = []
    for number, part in enumerate(PARTS):
        executions = WorkflowExecutions.FromString(lzma.decompress(part.read_bytes())).items
        taken += executions[number % EVERY :: EVERY]

    assert replay(taken) == []


def test_the_recording_is_small():
    size = sum(path.stat().st_size for path in recording.FOLDER.rglob("*") if path.is_file())

    assert size <= 10 * 1024 * 1024


@pytest.mark.parametrize("day", range(7))
def test_on_any_day_of_the_week_three_thousand_items_end_in_the_two_weeks_before(day):
    ends_at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC) + timedelta(days=day, hours=2 * day)

    past = recording.before(ends_at)

    assert len(past.moves) >= 3_000
    assert all(by % timedelta(weeks=1) == timedelta(0) for by in past.moves.values()), "weekdays stay what they were"
    versions = past.versions()["requests"]["updated_at"]
    first, last = pc.min(versions).as_py(), pc.max(versions).as_py()
    assert ends_at - timedelta(days=14, hours=2) < first < ends_at - timedelta(days=13)
    assert ends_at - timedelta(days=1) < last < ends_at
