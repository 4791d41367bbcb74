"""Which column and lane each stage stands in. Depends on the drawn stream alone, so that people learn the picture."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

WIDEST = 6  # Columns that are readable side by side at 1,440 px; longer streams are folded across lanes to fit.

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
    """Give every stage its own cell, folded as little as makes it fit: the first arrangement that does, else the
    narrowest."""
    narrowest: dict[str, Cell] = {}
    for in_a_row in (1, len(boxes)):
        for folds in range(len(boxes)):
            cells = _arrange(boxes, moves, in_a_row, folds)
            if _width(cells) <= WIDEST:
                return cells
            if not narrowest or _width(cells) < _width(narrowest):
                narrowest = cells
    return narrowest


def _width(cells: Mapping[str, Cell]) -> int:
    return max((column for column, _ in cells.values()), default=0) + 1


def _arrange(boxes: Sequence[Box], moves: Sequence[Move], in_a_row: int, folds: int) -> dict[str, Cell]:
    """Longest-path columns; `folds` stages, at most so many in a row, stand right below or above the one before them.

    An end that no drawn move leads to stands last.
    """
    lanes = {lane: index for index, lane in enumerate(lanes_of(boxes))}
    before = _before(boxes, moves)
    cells: dict[str, Cell] = {}
    folded: dict[str, int] = {}
    leading = {source for sources in before.values() for source in sources}
    loose = [box.name for box in boxes if box.is_end and not before[box.name] and box.name not in leading]
    lane_of = {box.name: lanes[box.lane] for box in boxes}
    for name in _in_flow_order(boxes, before):
        if name in loose:
            continue
        lane = lane_of[name]
        column = max((cells[source][0] + 1 for source in before[name]), default=0)
        last = [source for source in before[name] if cells[source][0] + 1 == column]
        may_fold = all(abs(lane - lane_of[source]) == 1 and folded[source] < in_a_row for source in last)
        folded[name] = 0
        if last and may_fold and folds and (column - 1, lane) not in cells.values():
            column, folds, folded[name] = column - 1, folds - 1, 1 + max(folded[source] for source in last)
        cells[name] = _free(cells, column, lane, 1)
    for name in loose:
        cells[name] = _free(cells, _width(cells) - 1, lane_of[name], -1)
    return cells


def _free(cells: Mapping[str, Cell], column: int, lane: int, step: int) -> Cell:
    """The nearest free cell of a lane, to the right (1), or to the left (-1) and then to the right."""
    wanted = column
    while (column, lane) in cells.values():
        column += step
        if column < 0:
            return _free(cells, wanted, lane, 1)
    return column, lane


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
