"""Drift, handoffs, rework, first pass and flow efficiency, counted again in plain Python over made-up items."""

from collections import Counter, defaultdict
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics import MetricError, Question, Window, drift, first_pass_yield, flow_efficiency, handoffs, rework
from tests.fixtures.chance import so_many
from tests.metrics.made_up import (
    CLOSED,
    DRAWN,
    INDEX,
    LANE,
    STAGES,
    STREAM,
    _fill,
    at,
    put,
    warehouse_of_made_up,
    worlds,
)

FROM, TO, NOW = 5, 14, 16
ASKED = Question(at(NOW), Window(at(FROM), at(TO)))
chance = settings(max_examples=so_many(25), derandomize=True, deadline=None)


@pytest.fixture(scope="module")
def con():
    with warehouse_of_made_up() as opened:
        yield opened


def last(world, item):
    """The last second seen of the window (times are whole seconds), and where the seen time ends."""
    until = min(world.until(item, NOW), NOW)
    return (until, until) if until < TO else (TO - 1, TO)


def stays(item, seen):
    return [stay for stay in item.stays if not stay.overlapped and stay.entered <= seen]


def is_open(item, seen):
    is_shut = any(
        stay.stage == CLOSED and stay.entered <= seen and (stay.left is None or stay.left > seen) for stay in item.stays
    )
    return not is_shut and (item.ended is None or item.closed > seen)


@chance
@given(world=worlds(8))
def test_drift_is_the_share_of_moves_that_are_not_drawn(con, world):
    put(con, world)
    counted = {"now": Counter(), "before": Counter(), "open": Counter()}
    strays = set()
    for item in world.items:
        seen, _ = last(world, item)
        ways = set()
        for stay in stays(item, seen):
            if stay.next_stage in (None, CLOSED) or stay.stage == CLOSED or stay.left > seen:
                continue
            ways.add((stay.stage, stay.next_stage))
            if stay.left >= FROM:
                counted["now"][stay.stage, stay.next_stage] += 1
            elif stay.left >= FROM - (TO - FROM):
                counted["before"][stay.stage, stay.next_stage] += 1
        if is_open(item, seen):
            counted["open"].update(ways)
            strays |= {item.key} if ways - DRAWN else set()

    index, *others = drift(con, STREAM, ASKED).to_pylist()

    for moves, share, times in (("moves", "share", "now"), ("moves_before", "share_before", "before")):
        undrawn = sum(count for way, count in counted[times].items() if way not in DRAWN)
        whole = counted[times].total()
        assert (index[moves], index[share]) == (undrawn, undrawn / whole if whole else None)
    assert index["items_now"] == len(strays)
    told = {(row["finding"], row["from_stage"], row["to_stage"]): (row["moves"], row["items_now"]) for row in others}
    expected = {("unused", *way): (0, counted["open"][way]) for way in DRAWN if not counted["now"][way]}
    seen_ways = {way for count in counted.values() for way in count} - DRAWN
    expected |= {("undrawn", *way): (counted["now"][way], counted["open"][way]) for way in seen_ways}
    assert told == expected


def worked(random, world):
    """Some steps of some stays: (item, place of the stay, kind, scheduled, started, ended)."""
    found = []
    for item in world.items:
        for place, stay in enumerate(item.stays):
            for _ in range(random.choice([0, 0, 1, 2, 3])):
                begun = stay.entered + random.randint(0, 4)
                started = random.choice([None, begun, begun + 2])
                ended = None if started is None else random.choice([None, started, started + 3])
                kind = random.choice(["activity", "activity", "timer", "child"])
                found.append((item.key, place, kind, begun, started, ended))
    return found


def put_steps(con, steps):
    known = {"stream": STREAM.stream, "run_key": 1, "name": "work", "task_queue": "q", "due_at": None, "attempts": 1}
    rows = []
    for number, (item, place, kind, scheduled, started, ended) in enumerate(steps):
        row = known | {"item_key": item, "stay_index": place, "event_id": number, "kind": kind}
        times = {"scheduled_at": scheduled, "started_at": started, "ended_at": ended}
        rows.append(row | {name: None if value is None else at(value) for name, value in times.items()})
    _fill(con, "step", rows)


@chance
@given(world=worlds(8), seed=st.integers(0, 10_000))
def test_a_handoff_waits_until_the_receiver_acts(con, world, seed):
    put(con, world)
    steps = worked(Random(seed), world)
    put_steps(con, steps)
    volume, back, acts = Counter(), Counter(), defaultdict(list)
    for item in world.items:
        seen, until = last(world, item)
        passed = []
        kept = stays(item, seen)
        for before, stay in pairwise(kept):
            if (
                CLOSED in (before.stage, stay.stage)
                or stay.stage not in STAGES
                or LANE[before.stage] == LANE[stay.stage]
            ):
                continue
            started = [
                max(start, stay.entered)
                for key, place, kind, _, start, _ in steps
                if key == item.key
                and item.stays[place] is stay
                and kind != "timer"
                and start is not None
                and start <= seen
            ]
            deeds = started + ([stay.left] if stay.left is not None and stay.left <= seen else [])
            passed.append((before.stage, stay.stage, stay.entered, min(deeds, default=None)))
        for index, (giver, taker, when, acted) in enumerate(passed):
            if when >= FROM:
                pair = (LANE[giver], LANE[taker])
                volume[pair] += 1
                then = passed[index + 1][1] if index + 1 < len(passed) else None
                back[pair] += then is not None and LANE[then] == LANE[giver] and INDEX[then] <= INDEX[giver]
                acts[pair].append(((acted if acted is not None else until) - when, acted is not None))

    answer = handoffs(con, STREAM, ASKED).to_pylist()

    assert {(row["from_lane"], row["to_lane"]): row["handoffs"] for row in answer} == volume
    for row in answer:
        pair = (row["from_lane"], row["to_lane"])
        assert row["came_back"] == back[pair]
        assert row["acted"] == sum(done for _, done in acts[pair])
        assert row["p50_seconds"] == half(acts[pair])


def half(lives):
    left = 1.0
    if sum(done for _, done in lives) < 2:
        return None
    for age in sorted({length for length, done in lives if done}):
        risk = sum(length >= age for length, _ in lives)
        left *= 1 - sum(length == age and done for length, done in lives) / risk
        if left <= 0.5 + 1e-9:
            return age
    return None


@chance
@given(world=worlds(8))
def test_rework_costs_until_the_item_is_back_where_it_was(con, world):
    put(con, world)
    times, cost, still = Counter(), Counter(), Counter()
    for item in world.items:
        seen, until = last(world, item)
        for place, stay in enumerate(item.stays):
            if stay.exit_kind not in ("rework", "reset") or stay.stage == CLOSED or not FROM <= stay.left <= seen:
                continue
            if stay.exit_kind == "rework" and INDEX[stay.next_stage] > INDEX[stay.stage]:
                continue
            loop = (stay.stage, stay.next_stage, stay.exit_kind)
            is_self = stay.stage == stay.next_stage
            again = [
                later.left if is_self and later.stage != CLOSED else later.entered
                for later in item.stays[place + 1 :]
                if later.stage in (stay.stage, CLOSED) and not later.overlapped
            ]
            again = [back for back in again if back is not None and back <= seen]
            over = None if is_open(item, seen) else item.closed
            times[loop] += 1
            end = min(again) if again else until if over is None else over
            cost[loop] += end - stay.left
            still[loop] += not again and over is None

    answer = rework(con, STREAM, ASKED).to_pylist()

    told = {(row["from_stage"], row["to_stage"], row["kind"]): row for row in answer}
    assert {loop: row["times"] for loop, row in told.items()} == times
    assert all(row["again_seconds"] == cost[loop] and row["still_back"] == still[loop] for loop, row in told.items())


@chance
@given(world=worlds(8))
def test_first_pass_is_ending_well_without_having_gone_back(con, world):
    put(con, world)
    items = passed = 0
    for item in world.items:
        seen, _ = last(world, item)
        reopened = any(stay.stage == CLOSED for stay in item.stays)
        if reopened or item.ended in (None, "lost") or not FROM <= item.closed <= seen:
            continue
        items += 1
        went_back = any(stay.exit_kind in ("rework", "reset") for stay in item.stays)
        passed += item.ended == "completed" and not went_back
    reopened = {item.key for item in world.items if any(stay.stage == CLOSED for stay in item.stays)}

    [row] = first_pass_yield(con, STREAM, ASKED).to_pylist()

    if not reopened:
        assert (row["items"], row["first_pass"]) == (items, passed)
    assert row["items"] == row["ended_well"] + row["ended_badly"]
    assert row["first_pass_share"] == (row["first_pass"] / row["items"] if row["items"] else None)


@chance
@given(world=worlds(8), seed=st.integers(0, 10_000))
def test_flow_efficiency_counts_each_second_of_work_once(con, world, seed):
    put(con, world)
    steps = worked(Random(seed), world)
    put_steps(con, steps)
    touch, elapsed = Counter(), Counter()
    for item in world.items:
        seen, until = last(world, item)
        for place, stay in enumerate(item.stays):
            gone = stay.left if stay.left is not None and stay.left <= seen else until
            if stay.overlapped or stay.stage not in STAGES or stay.entered > seen or until <= FROM:
                continue
            if stay.left is not None and stay.left <= FROM:
                continue
            span = range(max(stay.entered, FROM), gone)
            elapsed[stay.stage] += len(span)
            touch[stay.stage] += sum(
                any(
                    key == item.key
                    and where == place
                    and kind == "activity"
                    and start is not None
                    and start <= second < (gone if end is None else end)
                    for key, where, kind, _, start, end in steps
                )
                for second in span
            )

    answer = {row["stage"]: row for row in flow_efficiency(con, STREAM, ASKED).to_pylist()}

    whole = answer.pop("(all)", None)
    assert {stage: row["elapsed_seconds"] for stage, row in answer.items() if row["elapsed_seconds"]} == +elapsed
    assert {stage: row["touch_seconds"] for stage, row in answer.items() if row["touch_seconds"]} == +touch
    if whole and whole["elapsed_seconds"]:
        assert whole["efficiency_share"] == pytest.approx(touch.total() / elapsed.total())


def test_what_can_only_be_narrowed_refuses_to_be_split(con):
    with pytest.raises(MetricError, match="drift cannot be split"):
        drift(con, STREAM, Question(ASKED.as_of, ASKED.window, by=("type",)))
    for metric in (drift, handoffs, rework, first_pass_yield, flow_efficiency):
        metric(con, STREAM, Question(ASKED.as_of, ASKED.window, where=(("Region", "north"),)))
        with pytest.raises(MetricError, match="No segment 'colour'"):
            metric(con, STREAM, Question(ASKED.as_of, ASKED.window, where=(("colour", "red"),)))
