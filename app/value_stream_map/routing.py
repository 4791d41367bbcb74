"""The way of each arrow over the grid: through gutters and empty cells, never through a stage.

Grid lines alternate: even ones are gutters, odd ones run through the middle of a column or lane. Cell (c, l)
is the point (2c + 1, 2l + 1).
"""

import heapq
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from app.value_stream_map.grid import Cell, Move

Point: TypeAlias = tuple[int, int]
Route: TypeAlias = tuple[Point, ...]
"""Corner points from the stage that is left to the stage that is entered, both included."""

RIGHT, LEFT, DOWN, UP = (1, 0), (-1, 0), (0, 1), (0, -1)
STEPS = (RIGHT, DOWN, UP, LEFT)
LENGTH = {RIGHT: 100, LEFT: 100, DOWN: 64, UP: 64}
BEND, SHARED, CROSSED, THROUGH_CELL = 70, 26, 16, 12
# What it costs to leave or enter a stage on a side: the flow reads from left to right, what goes back runs outside it.
FORWARD_EXIT = {RIGHT: 0, DOWN: 20, UP: 24, LEFT: 160}
FORWARD_ENTRY = {RIGHT: 0, DOWN: 20, UP: 24, LEFT: 160}
BACKWARD_EXIT = {DOWN: 0, UP: 10, RIGHT: 90, LEFT: 60}
BACKWARD_ENTRY = {UP: 0, DOWN: 10, LEFT: 90, RIGHT: 60}


@dataclass
class Traffic:
    """Where arrows already run, so that the next one keeps apart from them where it can."""

    segments: Counter[frozenset[Point]] = field(default_factory=Counter)
    crossings: Counter[tuple[Point, bool]] = field(default_factory=Counter)

    def add(self, route: Route) -> None:
        """Remember a route that was chosen."""
        points = list(_every_point(route))
        for here, there in itertools.pairwise(points):
            self.segments[frozenset((here, there))] += 1
            for point in (here, there):
                self.crossings[point, here[1] == there[1]] += 1

    def cost(self, here: Point, there: Point) -> int:
        """What the other arrows make the step from `here` to `there` cost."""
        is_level = here[1] == there[1]
        return SHARED * self.segments[frozenset((here, there))] + CROSSED * self.crossings[there, not is_level]


def _every_point(route: Route) -> Iterator[Point]:
    yield route[0]
    for (x, y), (to_x, to_y) in itertools.pairwise(route):
        step = ((to_x > x) - (to_x < x), (to_y > y) - (to_y < y))
        while (x, y) != (to_x, to_y):
            x, y = x + step[0], y + step[1]
            yield x, y


def point_of(cell: Cell) -> Point:
    """The grid point in the middle of a cell."""
    return 2 * cell[0] + 1, 2 * cell[1] + 1


def routes(
    cells: Mapping[str, Cell], moves: Iterable[Move], back: frozenset[tuple[str, str]]
) -> dict[tuple[str, str], Route]:
    """One route for each move, the short ones first; self-loops have none. Drawn moves never make room for undrawn."""
    traffic = Traffic()
    found: dict[tuple[str, str], Route] = {}
    ordered = sorted(
        (move for move in moves if move.source != move.target),
        key=lambda m: (not m.is_drawn, (m.source, m.target) in back, _distance(cells[m.source], cells[m.target])),
    )
    for move in ordered:
        is_back = (move.source, move.target) in back or not move.is_drawn
        route = _shortest(cells, cells[move.source], cells[move.target], is_back, traffic)
        traffic.add(route)
        found[move.source, move.target] = route
    return found


def _distance(here: Cell, there: Cell) -> int:
    return abs(here[0] - there[0]) + abs(here[1] - there[1])


def _shortest(cells: Mapping[str, Cell], source: Cell, target: Cell, is_back: bool, traffic: Traffic) -> Route:
    start, goal = point_of(source), point_of(target)
    blocked = {point_of(cell) for cell in cells.values()} - {goal}
    width = 2 * max(column for column, _ in cells.values()) + 2
    height = 2 * max(lane for _, lane in cells.values()) + 2
    leave, enter = (BACKWARD_EXIT, BACKWARD_ENTRY) if is_back else (FORWARD_EXIT, FORWARD_ENTRY)
    queue: list[tuple[int, int, Point, Point, Route]] = [(0, 0, start, (0, 0), (start,))]
    settled: set[tuple[Point, Point]] = set()
    pushed = 0
    while queue:
        cost, _, here, heading, corners = heapq.heappop(queue)
        if here == goal:
            return (*corners, goal)
        if (here, heading) in settled:
            continue
        settled.add((here, heading))
        for step in STEPS:
            there = (here[0] + step[0], here[1] + step[1])
            is_outside = not (0 <= there[0] <= width and 0 <= there[1] <= height)
            if is_outside or there in blocked or step == (-heading[0], -heading[1]):
                continue
            extra = leave[step] if here == start else BEND * (step != heading)
            extra += enter[step] if there == goal else THROUGH_CELL * (there[0] % 2 == 1 and there[1] % 2 == 1)
            turned = corners if here == start or step == heading else (*corners, here)
            pushed += 1
            total = cost + LENGTH[step] + extra + traffic.cost(here, there)
            heapq.heappush(queue, (total, pushed, there, step, turned))
    raise AssertionError("gutters surround every stage, so a way always exists")
