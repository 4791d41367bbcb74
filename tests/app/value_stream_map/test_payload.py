"""What the map is told: figures beside places, every number in words too."""

import json

import pytest

from app.value_stream_map.drawing import Drawing, drawing_of
from app.value_stream_map.grid import Box, Move
from app.value_stream_map.payload import MOST_UNDRAWN, Figures, payload
from tests.pages.company import STREAM
from value_stream import load

DRAWING = Drawing(
    boxes=(Box("ask", "customer"), Box("check", "office"), Box("done", "office", is_end=True)),
    moves=(Move("ask", "check"), Move("check", "done"), Move("check", "ask", is_rework=True)),
    titles={"ask": "Ask", "check": "Check", "done": "Done"},
    kinds={"check": "human"},
    item="claim",
)


def figures(items=7, over=3, late=1, target=120.0, moves=(), value=1200.0, stuck=("stuck",)):
    return Figures(
        in_flight=[
            {
                "stage": "check",
                "items": items,
                "oldest_age_seconds": 700.0,
                "oldest_stay_seconds": 300.0,
                "value": value,
                "unit": "EUR",
                "items_without_value": 2,
            }
        ],
        over_target=[
            {
                "stage": "check",
                "items": items,
                "target_seconds": target,
                "deadline_seconds": 600.0,
                "over_target": over,
                "over_target_share": None if target is None or not items else over / items,
                "over_deadline": late,
            }
        ],
        moves=[{"from_stage": a, "to_stage": b, "items": n} for a, b, n in moves],
        window="1h",
        stuck=[{"stage": "check", "rank": 1, "severity": each, "rule": "stage overdue"} for each in stuck],
    )


def card(name, *args, **kwargs):
    return next(card for card in payload(DRAWING, figures(*args, **kwargs))["cards"] if card["name"] == name)


def arrow(source, target, moves):
    found = payload(DRAWING, figures(moves=moves))["arrows"]
    return next(each for each in found if (each["source"], each["target"]) == (source, target))


def test_a_stage_shows_what_is_in_it_and_how_much_is_stuck():
    shown = card("check")

    assert (shown["count"], shown["oldest"], shown["value"]) == ("7", "oldest 5m", "€\u202f1.2k")
    assert (shown["limits"], shown["stuckWords"], shown["heat"]) == ("3 of 7 over 2m", "▲ 1 stuck", 3)


def test_a_stage_says_all_of_it_in_words_for_those_who_hear_it():
    assert card("check")["label"] == (
        "Check, office: 7 claims in flight. 3 over the target of 2m 0s (43\u202f%). 1 past the deadline of 10m 0s. "
        "longest here 5m 0s. oldest claim 11m 40s. value waiting €\u202f1.2k. 2 without a value. 1 stuck: stage overdue"
    )


def test_what_is_only_to_watch_is_not_stuck():
    assert card("check", stuck=("watch", "critical", "stuck"))["stuck"] == 2


def test_a_stage_without_a_target_has_no_heat():
    shown = card("check", target=None, over=0)

    assert (shown["heat"], shown["share"], shown["limits"]) == (None, None, "no target")


def test_an_empty_stage_has_no_heat_and_keeps_its_target():
    shown = card("check", items=0, over=0, late=0, value=None)

    assert (shown["count"], shown["heat"], shown["limits"], shown["oldest"]) == ("0", None, "target 2m", "")


def test_a_stage_that_no_metric_names_is_empty():
    assert card("ask")["count"] == "0"


def test_an_end_shows_how_many_came_in_the_window():
    moves = [("check", "done", 4), ("ask", "done", 1)]
    ends = [card for card in payload(DRAWING, figures(moves=moves))["cards"] if card["isEnd"]]

    assert [(end["count"], end["words"], end["mark"]) for end in ends] == [("5", "in the last 1h", "✓")]


@pytest.mark.parametrize(
    ("source", "target", "kind", "words"),
    [("ask", "check", "drawn", "9"), ("check", "ask", "rework", "4"), ("ask", "done", "undrawn", "1 not drawn")],
)
def test_arrows_are_drawn_rework_or_not_drawn(source, target, kind, words):
    shown = arrow(source, target, [("ask", "check", 9), ("check", "ask", 4), ("ask", "done", 1)])

    assert (shown["kind"], shown["words"]) == (kind, words)


def test_an_arrow_is_as_wide_as_what_flows_through_it():
    widths = [arrow("ask", "check", [("ask", "check", n), ("check", "done", 100)])["width"] for n in (0, 1, 25, 100)]

    assert widths == sorted(set(widths))


def test_an_arrow_that_nothing_took_is_still_there():
    shown = arrow("check", "done", [])

    assert (shown["isUnused"], shown["words"]) == (True, "")
    assert shown["label"] == "Check → Done: 0 claims in the last 1h"


def test_counts_move_nothing():
    calm, busy = (
        payload(DRAWING, figures(items=0, over=0)),
        payload(DRAWING, figures(items=900, moves=[("ask", "check", 9)])),
    )

    assert calm["signature"] == busy["signature"]
    assert [(c["x"], c["y"]) for c in calm["cards"]] == [(c["x"], c["y"]) for c in busy["cards"]]


def test_only_the_most_frequent_undrawn_moves_are_drawn_and_the_rest_is_counted():
    boxes = tuple(Box(f"s{number}", "all") for number in range(5))
    drawing = Drawing(boxes, (), {box.name: box.name for box in boxes})
    pairs = [(a.name, b.name, 1 + index) for index, (a, b) in enumerate((a, b) for a in boxes for b in boxes)]

    shown = payload(drawing, figures(moves=pairs))

    assert len(shown["arrows"]) == MOST_UNDRAWN
    assert shown["hidden"].startswith(f"{len(pairs) - MOST_UNDRAWN} further moves not drawn")


def test_a_move_to_a_stage_that_is_not_drawn_is_left_out():
    assert len(payload(DRAWING, figures(moves=[("ask", "gone", 3)]))["arrows"]) == len(DRAWING.moves)


def test_the_whole_of_it_is_plain_data():
    shown = payload(DRAWING, figures(moves=[("ask", "done", 1)]), selected="check")

    assert json.loads(json.dumps(shown))["selected"] == "check"


def test_a_stream_file_becomes_a_drawing():
    drawing = drawing_of(load(STREAM))

    assert [box.name for box in drawing.boxes if box.is_end] == ["rejected", "cancelled", "done"]
    assert drawing.bad_ends == {"rejected", "cancelled"}
    assert Move("approval", "classification", is_rework=True) in drawing.moves
    assert drawing.item == "request"
