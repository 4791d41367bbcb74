"""Which column and lane each stage stands in. Depends on the drawn stream alone, so that people learn the picture."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

WIDEST = 7  # Columns that are readable side by side at 1,440 px; longer streams are folded across lanes to fit.

Cell: TypeAlias = tuple[int, int]
"""Column and lane, both from 0."""


@dataclass(frozen=True)
class Box:
    """A stage to draw: its name, the lane it stands in, and whether items end there."""

    name: str
    lane: str
    is_end: bool = False


@dataclass(frozen=True)
class Move:
    """An arrow to draw between two stages. Rework is drawn backwards; an undrawn move never changes a position."""

    source: str
    target: str
    is_rework: bool = False
    is_drawn: bool = True


def lanes_of(boxes: Iterable[Box]) -> tuple[str, ...]:
    """Lanes from top to bottom: in the order in which the stages first name them."""
    return tuple(dict.fromkeys(box.lane for box in boxes))


def backward(boxes: Sequence[Box], moves: Iterable[Move]) -> frozenset[tuple[str, str]]:
    """Moves that run against the flow: declared rework, self-loops, and those that close a circle."""
    pairs = [(move.source, move.target) for move in moves if move.is_drawn]
    back = {(m.source, m.target) for m in moves if m.is_rework or m.source == m.target}
    onward: dict[str, list[str]] = {box.name: [] for box in boxes}
    for source, target in pairs:
        if (source, target) not in back:
            onward[source].append(target)
    return frozenset(back | _circle_closers(onward))


def _circle_closers(onward: Mapping[str, list[str]]) -> set[tuple[str, str]]:
    closers: set[tuple[str, str]] = set()
    state: dict[str, str] = {}

    def visit(name: str) -> None:
        state[name] = "open"
        for target in onward[name]:
            if state.get(target) == "open":
                closers.add((name, target))
            elif target not in state:
                visit(target)
        state[name] = "done"

    for name in onward:
        if name not in state:
            visit(name)
    return closers


def place(boxes: Sequence[Box], moves: Sequence[Move]) -> dict[str, Cell]:
    """Give every stage its own cell: the least folded of three arrangements that fits, else the narrowest."""
    arrangements = [_arrange(boxes, moves, fold) for fold in (0, 1, len(boxes))]
    widths = [max((column for column, _ in cells.values()), default=0) + 1 for cells in arrangements]
    for cells, width in zip(arrangements, widths, strict=True):
        if width <= WIDEST:
            return cells
    return arrangements[widths.index(min(widths))]


def _arrange(boxes: Sequence[Box], moves: Sequence[Move], fold: int) -> dict[str, Cell]:
    """Longest-path columns; up to `fold` moves in a row may go straight down or up to a neighbouring lane instead."""
    lanes = {lane: index for index, lane in enumerate(lanes_of(boxes))}
    lane_of = {box.name: lanes[box.lane] for box in boxes}
    before = _before(boxes, moves)
    cells: dict[str, Cell] = {}
    folded: dict[str, int] = {}
    for name in _in_flow_order(boxes, before):
        lane, column, folds = lane_of[name], 0, 0
        for source in before[name]:
            may_fold = abs(lane - lane_of[source]) == 1 and folded[source] < fold
            wanted = cells[source][0] + (0 if may_fold else 1)
            if wanted >= column:
                column, folds = wanted, folded[source] + 1 if may_fold else 0
        while (column, lane) in cells.values():
            column, folds = column + 1, 0
        cells[name], folded[name] = (column, lane), folds
    return cells


def _before(boxes: Sequence[Box], moves: Sequence[Move]) -> dict[str, list[str]]:
    back = backward(boxes, moves)
    before: dict[str, list[str]] = {box.name: [] for box in boxes}
    for move in moves:
        if move.is_drawn and (move.source, move.target) not in back:
            before[move.target].append(move.source)
    return before


def _in_flow_order(boxes: Sequence[Box], before: Mapping[str, list[str]]) -> list[str]:
    """Every stage after all that lead to it, otherwise in the order of the file."""
    order: list[str] = []
    waiting = [box.name for box in boxes]
    while waiting:
        ready = next(name for name in waiting if all(source in order for source in before[name]))
        order.append(ready)
        waiting.remove(ready)
    return order
