"""The past: when things came in, what was different, and what a day of it leaves."""

import asyncio
from collections import Counter
from datetime import UTC, timedelta
from itertools import pairwise
from random import Random

import pytest

from sample_data.acts import Act
from sample_data.past.day import play
from sample_data.past.seasons import BEGAN_AT, DAY_SECONDS, arrivals, in_season, turns, vendor_trouble
from sample_data.past.stripped import UUID
from sample_data.roster import VENDORS
from sample_data.service_request.business import SERVICE_REQUESTS
from sample_data.trouble import SWITCHES, VENDOR_OUTAGE
from tests.sample_data.replaying import replay

USUAL_OUTAGE_SHARE = next(one.on_seconds / one.every_seconds for one in SWITCHES if one.name == VENDOR_OUTAGE)
MORNING, WEEKEND = range(8, 12), (5, 6)


def test_weekdays_and_mornings_bring_more_than_weekends_and_nights():
    came = [seconds for day in range(21) for seconds in arrivals(day, 1000, Random(day))]
    days = Counter(int(seconds // DAY_SECONDS) % 7 for seconds in came)
    hours = Counter(int(seconds % DAY_SECONDS // 3600) for seconds in came)

    assert max(days[day] for day in WEEKEND) < 0.5 * min(days[day] for day in range(5))
    assert min(hours[hour] for hour in MORNING) > 3 * max(hours[hour] for hour in range(1, 5))
    assert came == sorted(came)


def test_the_vendor_has_a_bad_week_and_recovers_slowly():
    trouble = [vendor_trouble(day * DAY_SECONDS) for day in range(21)]

    assert trouble[:7] == [0.0] * 7
    assert trouble[7:12] == [1.0] * 5
    assert all(later < earlier for earlier, later in pairwise(trouble[12:19]))
    assert trouble[18:] == [0.0] * 3


def test_only_the_vendors_people_are_slower_then():
    bad = 9 * DAY_SECONDS
    theirs, ours = Act(100, VENDORS[0].name, "signal", "x"), Act(100, "Aiko Tanaka", "signal", "x")

    assert in_season(theirs, bad).after_seconds > 130
    assert in_season(ours, bad) == ours
    assert in_season(theirs, 0) == theirs


def test_the_outage_lasts_longer_in_the_bad_week():
    def down_seconds(day: int) -> float:
        turned = sorted((at, on) for at, name, on in turns(day) if name == VENDOR_OUTAGE)
        return sum(at if not on else -at for at, on in turned)

    assert down_seconds(0) == pytest.approx(DAY_SECONDS * USUAL_OUTAGE_SHARE, rel=0.02)
    assert down_seconds(8) > 2 * down_seconds(0)


@pytest.fixture(scope="module")
def played():
    """A thin Monday: three requests or so."""
    return asyncio.run(play(SERVICE_REQUESTS, a_week=18, day=0, seed=7, first_id=500))


@pytest.mark.timeout(180)
def test_every_case_of_a_day_is_played_to_its_end_on_a_clock_of_its_own(played):
    assert len(played.items) >= 3
    for runs in played.items.values():
        first, last = runs[0].history.events[0], runs[-1].history.events[-1]
        assert BEGAN_AT <= first.event_time.ToDatetime(UTC) < BEGAN_AT + timedelta(days=1)
        assert last.event_type in (2, 21)
        assert last.event_time.ToDatetime(UTC) - first.event_time.ToDatetime(UTC) > timedelta(minutes=1)


def test_the_rows_of_a_day_are_kept_in_every_version(played):
    requests = played.versions["requests"].to_pylist()

    assert {row["workflow_id"] for row in requests} == set(played.items)
    assert min(row["id"] for row in requests) == 501
    first = [row for row in requests if row["workflow_id"] == requests[0]["workflow_id"]]
    assert first[0]["status"] == "request"
    assert len({row["status"] for row in first}) > 3
    assert [row["updated_at"] for row in first] == sorted(row["updated_at"] for row in first)
    decided = played.versions["approvals"].to_pylist()
    assert all(row["decided_by"] and row["updated_at"] > BEGAN_AT for row in decided)


def test_what_nobody_reads_is_gone_and_the_rest_still_replays(played):
    for runs in played.items.values():
        for run in runs:
            ids = {found.decode() for found in UUID.findall(run.SerializeToString())}
            assert all(one.startswith("00000000-") or one[14] == "5" for one in ids), "an id that chance made"
    assert replay([run for runs in played.items.values() for run in runs]) == []
