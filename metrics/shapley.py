"""Why a figure changed: a split over mix and stages that adds up exactly."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A part of a figure on one side: the amount it brings to it, in its stage, by the weight of its group."""

    weight: float
    amount: float


NOTHING = Cell(0.0, 0.0)


def shapley(cells: Iterable[tuple[str, Cell, Cell]]) -> tuple[float, dict[str, float]]:
    """(what the mix, what each stage brings to the difference) for the cells (stage, before, after).

    The figure is the sum over cells of weight times value. Its players are the mix, which changes every weight, and
    the stages, each of which changes its own values; the Shapley value is a player's mean contribution over all
    orders in which they may change. As each cell has but two players, it is the difference of the one times the mean
    of the other. A value that a side does not have, because its weight is 0, is taken to be that of the other side;
    where there is an amount without a weight, the weight plays no part, and the change is the stage's.

    Source: Shapley (1953), A value for n-person games.
    """
    mix = 0.0
    stages: dict[str, float] = defaultdict(float)
    for stage, before, after in cells:
        first, second = _values(before, after)
        if first is None or second is None:
            stages[stage] += after.amount - before.amount
            continue
        mix += (after.weight - before.weight) * (first + second) / 2
        stages[stage] += (second - first) * (before.weight + after.weight) / 2
    return mix, dict(stages)


def _values(before: Cell, after: Cell) -> tuple[float | None, float | None]:
    if any(not cell.weight and cell.amount for cell in (before, after)) or not (before.weight or after.weight):
        return None, None
    first = before.amount / before.weight if before.weight else None
    second = after.amount / after.weight if after.weight else None
    return (second if first is None else first), (first if second is None else second)
