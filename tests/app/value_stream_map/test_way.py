"""The moves of one item are lit up on the map."""

from app.value_stream_map.drawing import Drawing
from app.value_stream_map.grid import Box, Move
from app.value_stream_map.payload import Figures, payload

DRAWING = Drawing(
    boxes=(Box("a", "lane", False), Box("b", "lane", False), Box("c", "lane", True)),
    moves=(Move("a", "b"), Move("b", "c")),
    titles={},
)
NOTHING = Figures(in_flight=[], over_target=[], moves=[], window="1h", stuck=None)


def test_only_the_moves_of_the_way_are_lit():
    data = payload(DRAWING, NOTHING, way={("a", "b")})

    assert {(arrow["source"], arrow["target"]): arrow["isOnWay"] for arrow in data["arrows"]} == {
        ("a", "b"): True,
        ("b", "c"): False,
    }
    assert data["hasWay"]


def test_without_a_way_nothing_is_dimmed_and_what_was_not_asked_is_not_explained():
    data = payload(DRAWING, NOTHING)

    assert not data["hasWay"]
    assert not data["legend"]["hasStuck"]
    assert payload(DRAWING, Figures([], [], [], "1h"))["legend"]["hasStuck"]
