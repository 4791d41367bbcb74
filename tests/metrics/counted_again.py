"""The definitions once more, in plain Python and exact fractions: what the SQL is held against."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from tests.metrics.made_up import CLOSED, END_STAGES, Item, World, working_stays

NEEDED = {50: 2, 85: 7, 95: 20}
CLOSES = tuple(END_STAGES.values())


@dataclass(frozen=True)
class Life:
    """What was seen of a stay or an item: ages when it was first and last seen, and how it ended."""

    begun: int
    ended: int
    way: str  # inside, lost, or the kind of exit
    next: str | None = None
    item: int = -1

    @property
    def is_exit(self) -> bool:
        return self.way not in ("inside", "lost")


def lives(world: World, stage: str, begin: int, end: int, as_of: int) -> list[Life]:
    """Of each stay in the stage, for the window [begin, end) in whole seconds."""
    found = []
    for item, stay in working_stays(world.items):
        until = min(end, world.until(item, as_of))
        last = min(end - 1, world.until(item, as_of))  # the last second inside the window
        if stay.stage != stage or stay.entered > last or until <= begin:
            continue
        left = stay.left if stay.left is not None and stay.left <= last else None
        if left is not None and left <= begin:
            continue
        kind = stay.exit_kind
        if stay.next_stage in CLOSES:  # its end, which a reset may have undone later
            place = item.stays.index(stay)
            kind = next(after.exit_kind for after in item.stays[place + 1 :] if not after.overlapped)
        way = "inside" if left is None else kind or "?"
        seen_to = (until if left is None else left) - stay.entered
        found.append(Life(max(begin - stay.entered, 0), seen_to, way, stay.next_stage, item.key))
    return found


def item_lives(world: World, begin: int, end: int, as_of: int) -> list[Life]:
    """Of each item: seconds of work when first and when last seen, the time in which it was closed left out."""
    found = []
    for item in world.items:
        until = min(end, world.until(item, as_of))
        last = min(end - 1, world.until(item, as_of))
        gone, way = end_of(item, last)
        if item.opened > last or until <= begin or (gone is not None and gone <= begin):
            continue
        seen_to = until if gone is None else gone
        found.append(Life(work(item, begin), work(item, seen_to), way, item=item.key))
    return found


def end_of(item: Item, last: int) -> tuple[int | None, str]:
    """When the item had ended as of `last`, and how; (None, inside) if it had not."""
    seen = [stay for stay in item.stays if stay.entered <= last]
    if not seen:
        return None, "inside"
    now = seen[-1]
    if now.stage == CLOSED and (now.left is None or now.left > last):
        return now.entered, seen[-2].exit_kind or "?"
    if item.closed is not None and item.closed <= last:
        return item.closed, item.ended or "?"
    return None, "inside"


def work(item: Item, at: int) -> int:
    """Seconds from the item's opening to then in which it was not closed."""
    spans = [
        (stay.entered, at if stay.left is None else min(stay.left, at))
        for stay in item.stays
        if stay.stage != CLOSED and not stay.overlapped
    ]
    return sum(max(to - since, 0) for since, to in spans)


def at_risk(seen: list[Life], age: int) -> int:
    return sum(1 for life in seen if (life.begun < age or life.begun == age == 0) and age <= life.ended)


def steps(seen: list[Life]) -> Iterator[tuple[int, Fraction, Fraction, list[Life]]]:
    """Kaplan-Meier, exit time by exit time: the age, the curve before and behind it, who left."""
    left = Fraction(1)
    for age in sorted({life.ended for life in seen if life.is_exit}):
        leaving = [life for life in seen if life.is_exit and life.ended == age]
        before, left = left, left * (1 - Fraction(len(leaving), at_risk(seen, age)))
        yield age, before, left, leaving


def survival(seen: list[Life]) -> dict[int, Fraction]:
    return {age: behind for age, _, behind, _ in steps(seen)}


def incidence(seen: list[Life]) -> list[tuple[int, Life, Fraction]]:
    """Aalen-Johansen: (age, who left, what that one exit takes of the whole)."""
    return [(age, life, before / at_risk(seen, age)) for age, before, _, leaving in steps(seen) for life in leaving]


def percentile(curve: dict[int, Fraction], percent: int) -> int | None:
    return next((age for age, left in curve.items() if left <= 1 - Fraction(percent, 100)), None)


def figures(seen: list[Life]) -> dict[str, object]:
    """Counts, percentiles, completed-only percentiles and what is said of those that are left out."""
    curve = survival(seen)
    exits = sorted(life.ended for life in seen if life.is_exit)
    high = [f"p{percent}" for percent in NEEDED if percentile(curve, percent) is None]
    row: dict[str, object] = {
        "exits": len(exits),
        "inside": sum(life.way == "inside" for life in seen),
        "lost": sum(life.way == "lost" for life in seen),
        "total_seconds": sum(life.ended - life.begun for life in seen) if seen else None,
        "not_reached": (", ".join(high) or None) if seen else None,
    }
    for percent, needed in NEEDED.items():
        is_told = len(exits) >= needed
        row[f"p{percent}_seconds"] = percentile(curve, percent) if is_told else None
        row[f"completed_p{percent}_seconds"] = exits[-(-len(exits) * percent // 100) - 1] if is_told else None
    return row
