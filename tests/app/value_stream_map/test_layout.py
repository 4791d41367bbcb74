"""The picture of a stream holds together for any stream that can be drawn."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from app.value_stream_map.drawing import drawing_of
from app.value_stream_map.grid import WIDEST, Box, Move, backward, lanes_of, place
from app.value_stream_map.layout import LABEL, Layout, lay_out
from tests.pages.company import STREAM
from value_stream import load


@st.composite
def drawn_streams(draw):
    """Up to 14 stages in up to 6 lanes with any moves between them, loops and rework included."""
    size = draw(st.integers(1, 14))
    lanes = draw(st.integers(1, 6))
    boxes = [
        Box(f"s{number}", f"lane {draw(st.integers(0, lanes - 1))}", is_end=draw(st.integers(0, 5)) == 0)
        for number in range(size)
    ]
    pairs = draw(st.lists(st.tuples(*[st.sampled_from(boxes)] * 2), max_size=2 * size, unique=True))
    moves = [Move(a.name, b.name, is_rework=draw(st.integers(0, 4)) == 0) for a, b in pairs]
    return boxes, moves


@st.composite
def streams_with_undrawn_moves(draw):
    boxes, moves = draw(drawn_streams())
    taken = {(move.source, move.target) for move in moves}
    free = [(a.name, b.name) for a in boxes for b in boxes if (a.name, b.name) not in taken]
    chosen = draw(st.lists(st.sampled_from(free), max_size=4, unique=True)) if free else []
    return boxes, moves, [Move(a, b, is_drawn=False) for a, b in chosen]


def overlap(one, other):
    """True where two rectangles (left, top, right, bottom) share more than a border."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def area(card):
    return card.x, card.y, card.x + card.width, card.y + card.height


def pieces(arrow):
    for (x, y), (to_x, to_y) in itertools.pairwise(arrow.points):
        yield min(x, to_x), min(y, to_y), max(x, to_x), max(y, to_y)


def label_area(arrow):
    (x, y), (wide, high) = arrow.label, (arrow.label_width, LABEL[1])
    return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2


def faults(layout: Layout) -> list[str]:
    """Everything that a viewer would see as wrong."""
    found = []
    for one, other in itertools.combinations(layout.cards, 2):
        if overlap(area(one), area(other)):
            found.append(f"{one.name} lies on {other.name}")
    for arrow in layout.arrows:
        for card in layout.cards:
            for left, top, right, bottom in pieces(arrow):
                # A line has no width of its own here; half a pixel keeps a touch of the border from counting.
                if overlap((left - 0.5, top - 0.5, right + 0.5, bottom + 0.5), shrunk(area(card))):
                    found.append(f"{arrow.source} -> {arrow.target} crosses {card.name}")
    return found


def shrunk(rectangle):
    left, top, right, bottom = rectangle
    return left + 1, top + 1, right - 1, bottom - 1


@given(streams_with_undrawn_moves())
@settings(max_examples=150, deadline=None)
def test_no_card_lies_on_another_and_no_arrow_crosses_a_card(stream):
    boxes, moves, undrawn = stream

    assert faults(lay_out(boxes, [*moves, *undrawn])) == []


@given(streams_with_undrawn_moves())
@settings(max_examples=100, deadline=None)
def test_numbers_lie_neither_on_cards_nor_on_each_other(stream):
    boxes, moves, undrawn = stream
    layout = lay_out(boxes, [*moves, *undrawn])
    labels = [label_area(arrow) for arrow in layout.arrows if arrow.label]

    assert not any(overlap(one, other) for one, other in itertools.combinations(labels, 2))
    assert not any(overlap(label, area(card)) for label in labels for card in layout.cards)


@given(streams_with_undrawn_moves())
@settings(max_examples=100, deadline=None)
def test_a_move_that_nobody_drew_changes_no_card_and_no_drawn_arrow(stream):
    boxes, moves, undrawn = stream
    before, after = lay_out(boxes, moves), lay_out(boxes, [*moves, *undrawn])

    assert after.cards == before.cards
    assert after.lanes == before.lanes
    assert [arrow.points for arrow in after.arrows if arrow.is_drawn] == [arrow.points for arrow in before.arrows]


@given(drawn_streams())
@settings(max_examples=100, deadline=None)
def test_arrows_that_share_a_way_run_beside_each_other(stream):
    layout = lay_out(*stream)

    for one, other in itertools.combinations(layout.arrows, 2):
        for mine, theirs in itertools.product(pieces(one), pieces(other)):
            assert not runs_along(mine, theirs), (one, other)


def runs_along(one, other):
    """True where two pieces lie on the same line and overlap by more than a corner."""
    for along, across in ((0, 1), (1, 0)):
        is_level = one[across] == one[across + 2] and other[across] == other[across + 2]
        shared = min(one[along + 2], other[along + 2]) - max(one[along], other[along])
        if is_level and shared > 1 and abs(one[across] - other[across]) < 0.5:
            return True
    return False


@given(drawn_streams())
@settings(max_examples=50, deadline=None)
def test_everything_lies_inside_the_picture_and_the_same_stream_gives_the_same_one(stream):
    layout = lay_out(*stream)

    assert layout == lay_out(*stream)
    for arrow in layout.arrows:
        assert all(0 <= x <= layout.width and 0 <= y <= layout.height for x, y in arrow.points)
    for card in layout.cards:
        assert card.x + card.width <= layout.width
        assert card.y + card.height <= layout.height
    assert sum(lane.height for lane in layout.lanes) == layout.height


def test_the_sample_stream_fits_and_shows_every_number():
    drawing = drawing_of(load(STREAM))
    layout = lay_out(drawing.boxes, drawing.moves)
    columns = {card.x for card in layout.cards}

    assert faults(layout) == []
    assert len(columns) <= WIDEST
    assert all(arrow.label for arrow in layout.arrows)


def test_a_stream_flows_from_left_to_right_and_rework_runs_back():
    boxes = [Box("ask", "customer"), Box("check", "office"), Box("pay", "office")]
    moves = [Move("ask", "check"), Move("check", "pay"), Move("pay", "ask", is_rework=True)]

    cells = place(boxes, moves)

    assert cells == {"ask": (0, 0), "check": (1, 1), "pay": (2, 1)}
    assert backward(boxes, moves) == {("pay", "ask")}


def test_a_circle_that_nobody_called_rework_is_cut_where_it_closes():
    boxes = [Box(name, "all") for name in ("a", "b", "c")]
    circle = [Move("a", "b"), Move("b", "c"), Move("c", "a")]

    assert backward(boxes, circle) == {("c", "a")}
    assert [place(boxes, circle)[box.name][0] for box in boxes] == [0, 1, 2]


def test_a_long_stream_is_folded_across_lanes_until_it_fits():
    boxes = [Box(f"s{number}", f"lane {number % 3}") for number in range(9)]
    moves = [Move(a.name, b.name) for a, b in itertools.pairwise(boxes)]

    assert max(column for column, _ in place(boxes, moves).values()) < WIDEST


def test_an_end_that_no_move_leads_to_stands_last():
    boxes = [Box("ask", "customer"), Box("lost", "customer", is_end=True), Box("won", "customer", is_end=True)]

    assert place(boxes, [Move("ask", "won")]) == {"ask": (0, 0), "won": (1, 0), "lost": (2, 0)}


def test_lanes_stand_in_the_order_in_which_stages_name_them():
    assert lanes_of([Box("a", "z"), Box("b", "a"), Box("c", "z")]) == ("z", "a")


def test_moves_of_stages_that_are_not_drawn_are_left_out():
    layout = lay_out([Box("a", "all")], [Move("a", "gone"), Move("gone", "a")])

    assert layout.arrows == ()


def test_no_stage_gives_an_empty_picture():
    assert lay_out([], []) == Layout(0, 0, (), (), ())
