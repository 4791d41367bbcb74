"""Value waiting and leaked, systems, validation and completeness, counted again in plain Python."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics import (
    MetricError,
    Question,
    Window,
    completeness,
    systems,
    time_in_state,
    validation,
    value_leaked,
    value_waiting,
)
from tests.fixtures.chance import so_many
from tests.fixtures.streams import put_in_force
from tests.metrics.made_up import BAD, CLOSED, STAGES, STREAM, _fill, at, put, warehouse_of_made_up, worlds
from value_stream import Stream

FROM, TO, NOW = 5, 14, 16
ASKED = Question(at(NOW), Window(at(FROM), at(TO)))
DAY = 86_400
AMOUNT = "search_attribute.Amount"
CHECK = "search_attribute.Check"
SERVED = {"vendor": ("order", "ship"), "bank": ("pay",), "idle": ("nothing",)}
chance = settings(max_examples=so_many(25), derandomize=True, deadline=None)


def declared():
    """The made-up stream with a value, systems, stages to be passed and data that they need."""
    made = STREAM.model_dump(by_alias=True, exclude_defaults=True)
    stages = [dict(stage) for stage in made["stages"]]
    stages[1] |= {"validation": True, "requires": [CHECK]}
    item = made["item"] | {"value": {"from": AMOUNT, "unit": "EUR"}, "key": AMOUNT}
    served = [{"name": name, "activities": list(kinds)} for name, kinds in SERVED.items()]
    return Stream.model_validate(made | {"item": item, "stages": stages, "systems": served})


DECLARED = declared()


@pytest.fixture(scope="module")
def con():
    with warehouse_of_made_up() as opened:
        put_in_force(opened, DECLARED)
        yield opened


def put_attributes(con, random, world):
    """What each item is worth, and since when it was checked; None where not."""
    worth, checked, rows = {}, {}, []
    for item in world.items:
        worth[item.key] = random.choice([None, 2.0, 7.5])
        checked[item.key] = random.choice([None, item.opened, item.opened + 3])
        known = {"stream": STREAM.stream, "item_key": item.key, "valid_to_at": None}
        if worth[item.key] is not None:
            value = {"value": str(worth[item.key]), "number": worth[item.key]}
            rows.append(known | value | {"path": AMOUNT, "valid_from_at": at(item.opened)})
        if checked[item.key] is not None:
            value = {"value": "yes", "number": None}
            rows.append(known | value | {"path": CHECK, "valid_from_at": at(checked[item.key])})
    _fill(con, "item_attribute", rows)
    return worth, checked


def last(world, item):
    until = min(world.until(item, NOW), NOW)
    return (until, until) if until < TO else (TO - 1, TO)


def reopened(item):
    return any(stay.stage == CLOSED for stay in item.stays)


@chance
@given(world=worlds(8), seed=st.integers(0, 10_000))
def test_value_waits_where_its_item_is(con, world, seed):
    put(con, world)
    worth, _ = put_attributes(con, Random(seed), world)
    slow = {
        row["stage"]: row["p85_seconds"]
        for row in time_in_state(con, DECLARED, Question(at(NOW), Window(at(NOW - 90 * DAY), at(NOW)))).to_pylist()
    }
    items, value, days, late = Counter(), Counter(), Counter(), Counter()
    for item in world.items:
        until = world.until(item, NOW)
        for stay in item.stays:
            if stay.overlapped or stay.stage not in STAGES or stay.entered > until:
                continue
            if stay.left is None or stay.left > until:
                items[stay.stage] += 1
                value[stay.stage] += worth[item.key] or 0
                days[stay.stage] += (worth[item.key] or 0) * (until - stay.entered) / DAY
                late[stay.stage] += slow[stay.stage] is not None and until - stay.entered > slow[stay.stage]

    answer = {row["stage"]: row for row in value_waiting(con, DECLARED, Question(at(NOW))).to_pylist()}

    assert {stage: row["items"] for stage, row in answer.items()} == items
    for stage, row in answer.items():
        assert (row["value"] or 0) == value[stage]
        assert (row["value_days"] or 0) == pytest.approx(days[stage])
        assert row["past_p85_items"] == (None if slow[stage] is None else late[stage])


@chance
@given(world=worlds(8), seed=st.integers(0, 10_000))
def test_what_leaks_is_what_ended_badly(con, world, seed):
    put(con, world)
    worth, _ = put_attributes(con, Random(seed), world)
    items, value = Counter(), Counter()
    for item in world.items:
        seen, _ = last(world, item)
        if item.ended not in BAD or reopened(item) or not FROM <= item.closed <= seen:
            continue
        stage = [stay.stage for stay in item.stays if stay.stage in STAGES and not stay.overlapped][-1]
        ended = "dropped" if item.ended == "canceled" else item.ended
        items[stage, ended] += 1
        value[stage, ended] += worth[item.key] or 0

    answer = value_leaked(con, DECLARED, ASKED).to_pylist()

    if not any(reopened(item) for item in world.items):
        assert {(row["stage"], row["ended_as"]): row["items"] for row in answer} == items
        assert {(row["stage"], row["ended_as"]): row["value"] or 0 for row in answer} == value
    assert all(row["outcome"] is None for row in answer)


def calls(random, world):
    """(item, name, scheduled, ended, how, attempts) of some activities."""
    found = []
    for item in world.items:
        for _ in range(random.randint(0, 4)):
            begun = item.opened + random.randint(0, 8)
            ended = random.choice([None, begun, begun + 2, begun + 6])
            how = None if ended is None else random.choice(["completed", "failed", "timed out", "canceled"])
            name = random.choice(["order", "ship", "pay", "unlisted"])
            found.append((item.key, name, begun, ended, how, random.choice([None, 1, 3])))
    return found


@chance
@given(world=worlds(8), seed=st.integers(0, 10_000))
def test_systems_take_the_time_of_their_calls(con, world, seed):
    put(con, world)
    made = calls(Random(seed), world)
    known = {"stream": STREAM.stream, "stay_index": 0, "run_key": 1, "kind": "activity", "due_at": None}
    rows = [
        known
        | {"item_key": item, "event_id": number, "name": name, "scheduled_at": at(begun), "attempts": attempts}
        | {"ended_at": None if ended is None else at(ended), "ended": how}
        for number, (item, name, begun, ended, how, attempts) in enumerate(made)
    ]
    _fill(con, "step", rows)
    expected = {name: Counter() for name in SERVED}
    for item in world.items:
        seen, until = last(world, item)
        for system, names in SERVED.items():
            mine = [call for call in made if call[0] == item.key and call[1] in names and call[2] <= seen]
            spans = []
            for _, _, begun, ended, how, attempts in mine:
                over = ended is not None and ended <= seen
                if until <= FROM or (ended is not None and ended < FROM):
                    continue
                expected[system]["calls"] += begun >= FROM
                expected[system]["ended"] += over
                expected[system]["failed"] += over and how in ("failed", "timed out")
                expected[system]["retries"] += (attempts or 1) - 1 if over else 0
                expected[system]["waiting"] += not over
                spans.append(range(max(begun, FROM), ended if over else until))
            expected[system]["seconds"] += len({second for span in spans for second in span})

    answer = {row["system"]: row for row in systems(con, DECLARED, ASKED).to_pylist()}

    assert list(answer) == list(SERVED)
    for system, row in answer.items():
        told = {name: row[name] or 0 for name in ("calls", "ended", "failed", "retries", "waiting", "seconds")}
        assert told == {name: expected[system][name] for name in told}
    whole = time_in_state(con, DECLARED, ASKED).column("total_seconds").to_pylist()
    whole = sum(seconds or 0 for seconds in whole)
    if whole and answer["vendor"]["seconds"]:
        assert answer["vendor"]["share"] == pytest.approx(answer["vendor"]["seconds"] / whole)


@chance
@given(world=worlds(8))
def test_whoever_completes_without_having_been_there_is_a_breach(con, world):
    put(con, world)
    passed, skipped = 0, []
    for item in world.items:
        seen, _ = last(world, item)
        if item.ended == "completed" and FROM <= item.closed <= seen:
            if any(stay.stage == "b" for stay in item.stays):
                passed += 1
            else:
                skipped.append((item.closed, f"item-{item.key}"))

    [row] = validation(con, DECLARED, ASKED).to_pylist()

    assert (row["stage"], row["passed"], row["skipped"]) == ("b", passed, len(skipped))
    assert row["breaches"] == (", ".join(name for _, name in sorted(skipped)) or None)
    narrowed = Question(ASKED.as_of, ASKED.window, by=("source",))
    by_source = validation(con, DECLARED, narrowed).to_pylist()
    assert sum(row["skipped"] for row in by_source) == len(skipped)


@chance
@given(world=worlds(8), seed=st.integers(0, 10_000))
def test_data_is_missing_where_it_was_not_there_in_time(con, world, seed):
    put(con, world)
    worth, checked = put_attributes(con, Random(seed), world)
    times, missing = Counter(), Counter()
    for item in world.items:
        seen, _ = last(world, item)
        for stay in item.stays:
            if stay.stage == "b" and not stay.overlapped and FROM <= stay.entered <= seen:
                times["stage"] += 1
                since = checked[item.key]
                missing["stage"] += since is None or since > stay.entered
        if FROM <= item.opened <= seen:
            times.update(("key", "value"))
            missing["key"] += 1  # nothing has derived one here
            missing["value"] += worth[item.key] is None

    answer = {row["needed_by"]: row for row in completeness(con, DECLARED, ASKED).to_pylist()}

    assert {what: row["times"] for what, row in answer.items()} == times
    assert {what: row["missing"] for what, row in answer.items() if row["missing"]} == +missing


def test_what_the_stream_does_not_declare_cannot_be_asked(con):
    for metric, told in (
        (value_waiting, "declares no value"),
        (value_leaked, "declares no value"),
        (systems, "declares no systems"),
        (validation, "requires no validation"),
    ):
        with pytest.raises(MetricError, match=told):
            metric(con, STREAM, ASKED)
    by_region = Question(ASKED.as_of, ASKED.window, by=("Region",), where=(("source", "main/default"),))
    for metric in (value_waiting, value_leaked, systems, validation, completeness):
        metric(con, DECLARED, by_region)
        with pytest.raises(MetricError, match="No segment 'colour'"):
            metric(con, DECLARED, Question(ASKED.as_of, ASKED.window, by=("colour",)))
