"""From a drawn stream to pixels: where each lane, stage, arrow and label lies.

Pure geometry: same stream, same picture. Counts never move anything; an undrawn move adds an arrow and moves nothing.
"""

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.value_stream_map.grid import Box, Cell, Move, backward, lanes_of, place
from app.value_stream_map.labels import Area, Wanted, label_points
from app.value_stream_map.routing import Route, routes
from app.value_stream_map.tracks import Key, Line, Run, offsets, runs, tracks_needed

CARD_WIDTH, CARD_HEIGHT, END_HEIGHT = 160, 84, 60
LANE_HEAD = 112
STEP = 14  # Between two arrows that run side by side.
MARGIN = 15  # Between an arrow and the nearest card.
GUTTER_WIDTH, GUTTER_HEIGHT, EDGE_GUTTER = 56, 36, 20
ROOM_ON_CARD = {"level": 18.0, "upright": 56.0}  # How far from its middle an arrow may touch a card's side.
CORNER = 9
ARROW_GAP = 2  # Between the arrow's tip and the card.
HEAD_LENGTH = 8
REMEMBERED = 128  # Pictures: one for each stream and set of undrawn moves that viewers look at.
LABEL = (36.0, 16.0)
LABEL_UNDRAWN = (84.0, 16.0)
BADGE = 14.0  # How far a badge stands out above its card.


@dataclass(frozen=True)
class Lane:
    """One horizontal band."""

    name: str
    y: float
    height: float


@dataclass(frozen=True)
class Card:
    """One stage."""

    name: str
    x: float
    y: float
    width: float
    height: float
    is_end: bool


@dataclass(frozen=True)
class Arrow:
    """One move: an SVG path that ends where its head begins, the head's tip and direction, its corner points, and the
    middle of its label with the width that is free there (None and 0 where no free place was found)."""

    source: str
    target: str
    path: str
    tip: tuple[float, float, int, int]
    points: tuple[tuple[float, float], ...]
    label: tuple[float, float] | None
    label_width: float
    is_rework: bool
    is_drawn: bool


@dataclass(frozen=True)
class Layout:
    """The whole picture, in pixels at natural size."""

    width: float
    height: float
    lanes: tuple[Lane, ...]
    cards: tuple[Card, ...]
    arrows: tuple[Arrow, ...]


def lay_out(boxes: Sequence[Box], moves: Sequence[Move]) -> Layout:
    """Lay out a stream. Moves to or from a stage that is not there are left out; no stage gives an empty picture."""
    return _laid_out(tuple(boxes), tuple(moves))


@lru_cache(maxsize=REMEMBERED)
def _laid_out(boxes: tuple[Box, ...], moves: tuple[Move, ...]) -> Layout:
    if not boxes:
        return Layout(0, 0, (), (), ())
    names = {box.name for box in boxes}
    known = [move for move in moves if move.source in names and move.target in names]
    cells = place(boxes, known)
    found = routes(cells, known, backward(boxes, known))
    pieces = [run for move in known for run in _runs_of(move, found, cells)]
    axes = _Axes.of(cells, pieces)
    cards = {box.name: axes.card(box, cells[box.name]) for box in boxes}
    shifts = offsets(pieces, axes.room(boxes, cells, pieces), STEP)
    arrows = _arrows(known, found, axes, cards, shifts)
    width, height = axes.x_edges[-1], axes.y_edges[-1]
    return Layout(width, height, axes.lanes(lanes_of(boxes)), tuple(cards.values()), arrows)


def _runs_of(move: Move, found: Mapping[Key, Route], cells: Mapping[str, Cell]) -> list[Run]:
    key = move.source, move.target
    if key in found:
        return runs(key, found[key], move.is_drawn)
    column, lane = cells[move.source]
    middle = 2 * column + 1
    return [Run(key, 0, ("level", 2 * lane), middle, middle + 0.9, 1, 0, 1, move.is_drawn)]


@dataclass(frozen=True)
class _Axes:
    """Edges of all gutters, columns and lanes along both axes: line n lies between edges n and n + 1."""

    x_edges: tuple[float, ...]
    y_edges: tuple[float, ...]

    @staticmethod
    def of(cells: Mapping[str, Cell], pieces: Sequence[Run]) -> "_Axes":
        by_line: dict[Line, list[Run]] = defaultdict(list)
        for piece in pieces:
            if piece.is_drawn:
                by_line[piece.line].append(piece)
        columns = max(column for column, _ in cells.values()) + 1
        lanes = max(lane for _, lane in cells.values()) + 1
        return _Axes(
            _edges(LANE_HEAD, columns, CARD_WIDTH, GUTTER_WIDTH, "upright", by_line),
            _edges(0, lanes, CARD_HEIGHT, GUTTER_HEIGHT, "level", by_line),
        )

    def middle(self, line: Line) -> float:
        edges = self.y_edges if line[0] == "level" else self.x_edges
        return (edges[line[1]] + edges[line[1] + 1]) / 2

    def card(self, box: Box, cell: Cell) -> Card:
        height = END_HEIGHT if box.is_end else CARD_HEIGHT
        x, y = self.x_edges[2 * cell[0] + 1], self.middle(("level", 2 * cell[1] + 1)) - height / 2
        return Card(box.name, x, y, CARD_WIDTH, height, box.is_end)

    def room(self, boxes: Sequence[Box], cells: Mapping[str, Cell], pieces: Sequence[Run]) -> dict[Line, float]:
        """How far beside the middle of each line an arrow may run."""
        room: dict[Line, float] = {}
        for kind, index in {piece.line for piece in pieces}:
            edges = self.y_edges if kind == "level" else self.x_edges
            gutter = max((edges[index + 1] - edges[index]) / 2 - 7, 0)
            room[kind, index] = ROOM_ON_CARD[kind] if index % 2 else gutter
        return room

    def lanes(self, names: Sequence[str]) -> tuple[Lane, ...]:
        """Bands meet in the middle of the gutters between them."""
        last = len(names) - 1
        tops = [0.0 if n == 0 else self.middle(("level", 2 * n)) for n in range(len(names))]
        ends = [self.y_edges[-1] if n == last else self.middle(("level", 2 * n + 2)) for n in range(len(names))]
        return tuple(Lane(name, top, end - top) for name, top, end in zip(names, tops, ends, strict=True))


def _edges(
    start: float, cells: int, size: float, gutter: float, kind: str, by_line: Mapping[Line, list[Run]]
) -> tuple[float, ...]:
    edges = [float(start)]
    for index in range(2 * cells + 1):
        is_outer = index in (0, 2 * cells)
        needed = tracks_needed(by_line.get((kind, index), []))
        least = EDGE_GUTTER if is_outer else gutter
        wide = max(least, 2 * MARGIN + (needed - 1) * STEP + (8 if needed and is_outer else 0))
        edges.append(edges[-1] + (size if index % 2 else wide))
    return tuple(edges)


def _arrows(
    moves: Sequence[Move],
    found: Mapping[Key, Route],
    axes: _Axes,
    cards: Mapping[str, Card],
    shifts: Mapping[tuple[Key, int], float],
) -> tuple[Arrow, ...]:
    lines = {}
    for move in moves:
        key = move.source, move.target
        lines[key] = _points(key, found.get(key), axes, cards, shifts)
    taken = [Area(card.x, card.y - BADGE, card.x + card.width, card.y + card.height) for card in cards.values()]
    wanted = [Wanted((m.source, m.target), *(LABEL if m.is_drawn else LABEL_UNDRAWN), LABEL[0]) for m in moves]
    labels = label_points(wanted, lines, [*taken, Area(0, 0, LANE_HEAD, axes.y_edges[-1])])
    return tuple(_arrow(m, lines[m.source, m.target], labels[m.source, m.target]) for m in moves)


def _arrow(move: Move, points: tuple[tuple[float, float], ...], label: Wanted | None) -> Arrow:
    (from_x, from_y), (x, y) = points[-2:]
    across, down = (x > from_x) - (x < from_x), (y > from_y) - (y < from_y)
    neck = (x - across * HEAD_LENGTH, y - down * HEAD_LENGTH)
    return Arrow(
        move.source,
        move.target,
        rounded([*points[:-1], neck]),
        (x, y, across, down),
        points,
        label.at if label else None,
        label.width if label else 0.0,
        move.is_rework,
        move.is_drawn,
    )


def _points(
    key: Key,
    route: Route | None,
    axes: _Axes,
    cards: Mapping[str, Card],
    shifts: Mapping[tuple[Key, int], float],
) -> tuple[tuple[float, float], ...]:
    if route is None:
        return _loop(cards[key[0]], axes, shifts[key, 0])
    pieces = list(itertools.pairwise(route))
    along = [_line_at(piece, axes) + shifts[key, index] for index, piece in enumerate(pieces)]
    points = [_on_card(cards[key[0]], pieces[0], along[0], 0)]
    for (here, corner), before, after in zip(pieces, along, along[1:], strict=False):
        points.append((after, before) if here[1] == corner[1] else (before, after))
    backwards = (pieces[-1][1], pieces[-1][0])
    points.append(_on_card(cards[key[1]], backwards, along[-1], ARROW_GAP))
    return tuple(points)


def _line_at(piece: tuple[tuple[int, int], tuple[int, int]], axes: _Axes) -> float:
    (x, y), (_, to_y) = piece
    return axes.middle(("level", y)) if y == to_y else axes.middle(("upright", x))


def _on_card(
    card: Card, piece: tuple[tuple[int, int], tuple[int, int]], along: float, gap: float
) -> tuple[float, float]:
    """Where a piece that starts inside a card crosses the card's border."""
    (x, y), (to_x, to_y) = piece
    if y == to_y:
        return (card.x + card.width + gap if to_x > x else card.x - gap), along
    return along, (card.y + card.height + gap if to_y > y else card.y - gap)


def _loop(card: Card, axes: _Axes, shift: float) -> tuple[tuple[float, float], ...]:
    """A move from a stage to itself: an ear in the gutter above the card."""
    gutter = max(edge for edge in axes.y_edges[1::2] if edge <= card.y + 1) if card.y else 0.0
    line = axes.y_edges.index(gutter) - 1
    y = axes.middle(("level", line)) + shift
    left, right = card.x + card.width - 46, card.x + card.width - 18
    return (left, card.y), (left, y), (right, y), (right, card.y - ARROW_GAP)


def rounded(points: Sequence[tuple[float, float]]) -> str:
    """An SVG path through the points, its corners rounded."""
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(CORNER, _length(before, here) / 2, _length(here, after) / 2)
        start, end = _towards(here, before, radius), _towards(here, after, radius)
        path += f"L{start[0]:.1f} {start[1]:.1f}Q{here[0]:.1f} {here[1]:.1f} {end[0]:.1f} {end[1]:.1f}"
    return path + f"L{points[-1][0]:.1f} {points[-1][1]:.1f}"


def _length(here: tuple[float, float], there: tuple[float, float]) -> float:
    return abs(here[0] - there[0]) + abs(here[1] - there[1])


def _towards(here: tuple[float, float], there: tuple[float, float], distance: float) -> tuple[float, float]:
    length = _length(here, there)
    share = distance / length if length else 0.0
    return here[0] + (there[0] - here[0]) * share, here[1] + (there[1] - here[1]) * share
