"""Where the number of each arrow stands: on its own line, clear of stages and of other numbers."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from app.value_stream_map.tracks import Key

Points: TypeAlias = Sequence[tuple[float, float]]
SPACING = 9.0  # Pixels between two places that are tried on a line.
AIR = 3.0
HEAD = 12.0
SHORT = 16.0  # An upright piece that shows less than this beside its number looks cut in two.


@dataclass(frozen=True)
class Area:
    """A rectangle that is taken."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Area") -> bool:
        """True where the two overlap; touching is not overlapping."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


@dataclass(frozen=True)
class Wanted:
    """A label to place: its arrow and its largest size, so that a longer number never moves it.

    Where that size fits nowhere, `least` is the width of its short form; `at` is the middle once it is placed.
    """

    key: Key
    width: float
    height: float
    least: float
    at: tuple[float, float] = (0.0, 0.0)

    @property
    def area(self) -> Area:
        """The rectangle it takes, with a little air at both ends."""
        (x, y), wide, high = self.at, self.width / 2 + AIR / 2, self.height / 2
        return Area(x - wide, y - high, x + wide, y + high)


def label_points(
    wanted: Sequence[Wanted], lines: Mapping[Key, Points], taken: Sequence[Area]
) -> dict[Key, Wanted | None]:
    """Each label in its place; None where its arrow has no free place (its number is then in the tooltip only)."""
    busy = list(taken)
    found: dict[Key, Wanted | None] = {}
    for label in sorted(wanted, key=lambda label: (_longest(lines[label.key]), label.key)):
        strokes = [area for key, points in lines.items() if key != label.key for area in _strokes(points)]
        short = replace(label, width=label.least)
        tries = ((label, [*busy, *strokes]), (short, [*busy, *strokes]), (label, busy), (short, busy))
        placed = next((place for size, around in tries if (place := _first_free(size, lines[label.key], around))), None)
        found[label.key] = placed
        if placed:
            busy.append(placed.area)
    return found


def _first_free(label: Wanted, points: Points, busy: Sequence[Area]) -> Wanted | None:
    for point in _candidates(points, label):
        placed = replace(label, at=point)
        area = placed.area
        if area.left >= 0 and area.top >= 0 and not any(area.meets(other) for other in busy):
            return placed
    return None


def _longest(points: Points) -> float:
    return max(_distance(here, there) for here, there in itertools.pairwise(points))


def _distance(here: tuple[float, float], there: tuple[float, float]) -> float:
    return abs(here[0] - there[0]) + abs(here[1] - there[1])


def _candidates(points: Points, label: Wanted) -> Iterator[tuple[float, float]]:
    """Places at the line, the longest piece first, from its middle outwards.

    Beside a level piece before on it; on an upright piece, but beside one that is too short to show above and below.
    """
    pieces = sorted(_without_head(points), key=lambda piece: -_distance(*piece))
    beside, across = label.height / 2 + AIR + 1, label.width / 2 + AIR + 1
    for lift in (-beside, beside, 0.0):
        for (x, y), (to_x, to_y) in pieces:
            is_short = x == to_x and _distance((x, y), (to_x, to_y)) < label.height + SHORT
            shift = across * ((lift < 0) - (lift > 0)) if is_short else 0.0
            steps = int(_distance((x, y), (to_x, to_y)) / SPACING) or 1
            for step in range(steps):
                share = 0.5 + (step + 1) // 2 * (1 if step % 2 else -1) / steps
                yield x + (to_x - x) * share + shift, y + (to_y - y) * share + (lift if y == to_y else 0.0)


def _without_head(points: Points) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """The pieces of a line, the last one shortened so that no number hides an arrow's head."""
    *pieces, ((x, y), (to_x, to_y)) = itertools.pairwise(points)
    length = _distance((x, y), (to_x, to_y))
    share = max(length - HEAD, 0) / length if length else 0.0
    return [*pieces, ((x, y), (x + (to_x - x) * share, y + (to_y - y) * share))]


def _strokes(points: Points) -> Iterator[Area]:
    for (x, y), (to_x, to_y) in itertools.pairwise(points):
        yield Area(min(x, to_x) - AIR, min(y, to_y) - AIR, max(x, to_x) + AIR, max(y, to_y) + AIR)
