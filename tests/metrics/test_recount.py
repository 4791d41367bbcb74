"""What is in flight, late and moving, recounted in a few lines of Python from the stays, at instants by chance."""

from collections import Counter

import pytest

from metrics import Question, Window, flow_over_time, in_flight, moves, open_items, over_target
from tests.fixtures.histories import instant
from tests.fixtures.streams import put_in_force, winding_stream
from tests.fixtures.warehouses import SOURCE, empty, read_until, write
from warehouse import register_source, rows

STREAM = winding_stream()
LIMITS = {"intake": (3, 8), "review": (2, None), "payout": (None, 5)}


def prepared(warehouse, stories):
    empty(warehouse)
    con = warehouse.cursor()
    register_source(con, SOURCE, "temporal")
    put_in_force(con, STREAM)
    write(con, *stories)
    return con


def stays_of(con):
    return rows(con, "SELECT * FROM stay WHERE NOT is_overlapped AND stage <> '(closed)' ORDER BY entered_at")


def there(stays, at):
    """The stays that hold at an instant, the time between a close and a reset left out."""
    return [stay for stay in stays if stay["entered_at"] <= at and (stay["left_at"] is None or stay["left_at"] > at)]


def test_in_flight_is_a_plain_count(crowd):
    con, stays = crowd, stays_of(crowd)
    for seconds in (-2, 0, 1, 2, 3, 5, 8, 11, 15, 20, 28, 40, 5000):
        at = instant(seconds)
        counted = Counter(stay["stage"] for stay in there(stays, at))
        late = Counter(s["stage"] for s in there(stays, at) if over(s, at, 0))
        very_late = Counter(s["stage"] for s in there(stays, at) if over(s, at, 1))

        answer = {row["stage"]: row for row in in_flight(con, STREAM, Question(at)).to_pylist()}
        assert {stage: row["items"] for stage, row in answer.items()} == {
            s.name: counted[s.name] for s in STREAM.stages
        }
        targets = {row["stage"]: row for row in over_target(con, STREAM, Question(at)).to_pylist()}
        assert Counter({stage: row["over_target"] for stage, row in targets.items()}) == late
        assert Counter({stage: row["over_deadline"] for stage, row in targets.items()}) == very_late
        assert open_items(con, STREAM, Question(at)).num_rows == sum(counted.values())


def over(stay, at, which):
    limit = LIMITS.get(stay["stage"], (None, None))[which]
    return limit is not None and (at - stay["entered_at"]).total_seconds() > limit


@pytest.mark.parametrize(("begin", "end"), [(0, 60), (3, 21.5)])
def test_the_flow_ends_each_stretch_with_what_is_in_flight_then(crowd, begin, end):
    con, stays = crowd, stays_of(crowd)
    window = Window(instant(begin), instant(end))
    answer = flow_over_time(con, STREAM, Question(instant(60), window)).to_pylist()

    assert [row["in_flight"] for row in answer] == [len(there(stays, row["bucket_at"])) for row in answer]
    assert [row["over_deadline"] for row in answer] == [
        sum(over(stay, row["bucket_at"], 1) for stay in there(stays, row["bucket_at"])) for row in answer
    ]
    before = len(there(stays, instant(begin - 0.000001)))
    for row in answer:
        before += row["arrivals"] - row["departures"]
        ties = len(there(stays, row["bucket_at"])) - before
        assert row["in_flight"] == before + ties


@pytest.mark.parametrize(("begin", "end"), [(2, 15), (0, 4), (14, 60)])
def test_moves_are_stays_that_were_left_for_another(crowd, begin, end):
    con, window = crowd, Window(instant(begin), instant(end))
    stays = rows(con, "SELECT * FROM stay WHERE NOT is_overlapped AND '(closed)' NOT IN (stage, next_stage)")
    counted = Counter((s["stage"], s["next_stage"]) for s in stays if window.from_at <= s["left_at"] < window.to_at)
    drawn = {(move.from_stage, move.to_stage) for move in STREAM.moves}

    answer = moves(con, STREAM, Question(window.to_at, window)).to_pylist()

    assert {(row["from_stage"], row["to_stage"]): row["items"] for row in answer} == {
        move: counted[move] for move in drawn | counted.keys()
    }
    assert {(row["from_stage"], row["to_stage"]) for row in answer if row["is_drawn"]} == drawn


def test_nothing_is_in_flight_without_items(con):
    put_in_force(con, STREAM)

    assert [row["items"] for row in in_flight(con, STREAM, Question(instant(0))).to_pylist()] == [0] * 5
    assert open_items(con, STREAM, Question(instant(0))).num_rows == 0


def test_an_open_item_is_open_until_its_own_sources_as_of(con):
    put_in_force(con, STREAM)
    from tests.fixtures.histories import run

    write(con, run("open", 0).turn(1))
    read_until(con, 30)

    [row] = open_items(con, STREAM, Question(instant(100))).to_pylist()

    assert (row["age_seconds"], row["stay_seconds"]) == (30, 30)
