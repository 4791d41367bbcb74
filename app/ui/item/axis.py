"""The time axis of one item: instants become places between 0 and 1, long gaps in which nothing happened fold. Pure."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise

FOLDED_FROM = 0.1  # Of the whole: a shorter gap stays as long as it is.
FOLD_WIDTH, MOST_FOLDED = 0.05, 0.4
FEWEST_BESIDE = 6  # Where little else happened, a gap hides nothing.
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)
TICKS = 6
ROOM, ROOM_WITH_DAY, ROOM_ON_A_PHONE = 0.07, 0.11, 0.3


@dataclass(frozen=True)
class Stretch:
    """From one instant to the next, and where they are on the axis."""

    begin: float
    end: float
    left: float
    right: float
    is_folded: bool


class TimeAxis:
    """Made for the instants at which something begins or ends; between two of them nothing happens."""

    def __init__(self, instants: Iterable[datetime]) -> None:
        seconds = sorted({instant.timestamp() for instant in instants})
        if len(seconds) < 2:
            seconds = [seconds[0] - 1, seconds[0]] if seconds else [0.0, 1.0]
        self._stretches = _stretches(seconds)
        self._begins = [stretch.begin for stretch in self._stretches]

    def place(self, instant: datetime) -> float:
        """Where an instant is, 0 to 1; what lies outside is at the edge."""
        at = instant.timestamp()
        stretch = self._stretches[max(bisect_right(self._begins, at) - 1, 0)]
        share = (at - stretch.begin) / (stretch.end - stretch.begin)
        return stretch.left + min(max(share, 0.0), 1.0) * (stretch.right - stretch.left)

    @property
    def folds(self) -> list[tuple[float, float, float]]:
        """Left, right, and the seconds that lie between."""
        return [(each.left, each.right, each.end - each.begin) for each in self._stretches if each.is_folded]

    def ticks(self, zone: tzinfo) -> list[tuple[float, str, bool]]:
        """Places and words of a few well-known instants; none in a fold, none too near to another.

        The third says whether there is room for it on a phone.
        """
        whole = [stretch for stretch in self._stretches if not stretch.is_folded]
        visible = sum(stretch.end - stretch.begin for stretch in whole)
        step = next((step for step in STEPS if step >= visible / TICKS), 86_400 * (int(visible / TICKS / 86_400) + 1))
        found: list[tuple[float, str, bool]] = []
        day, room, on_a_phone = None, 0.0, -1.0
        for at in self._round_instants(step, zone):
            place, local = self.place(at), at.astimezone(zone)
            is_new_day = local.date() != day
            if place > 1 - (ROOM_WITH_DAY if is_new_day else ROOM) or (found and place - found[-1][0] < room):
                continue
            fits = place - on_a_phone >= ROOM_ON_A_PHONE and place <= 1 - ROOM_ON_A_PHONE
            found.append((place, _tick(local, step, is_new_day=is_new_day), fits))
            on_a_phone = place if fits else on_a_phone
            day, room = local.date(), ROOM_WITH_DAY if is_new_day else ROOM
        return found

    def _round_instants(self, step: int, zone: tzinfo) -> list[datetime]:
        found: list[datetime] = []
        for stretch in self._stretches:
            if stretch.is_folded:
                continue
            first = datetime.fromtimestamp(stretch.begin, UTC)
            offset = (first.astimezone(zone).utcoffset() or timedelta()).total_seconds()
            at = ((stretch.begin + offset) // step) * step - offset
            while at <= stretch.end:
                if at >= stretch.begin:
                    found.append(datetime.fromtimestamp(at, UTC))
                at += step
        return found


def _tick(local: datetime, step: int, *, is_new_day: bool) -> str:
    time = f"{local:%H:%M:%S}" if step < 60 else f"{local:%H:%M}"
    if step >= 86_400:
        return f"{local:%d %b}"
    return f"{local:%d %b} {time}" if is_new_day else time


def _stretches(seconds: list[float]) -> list[Stretch]:
    whole = seconds[-1] - seconds[0]
    pairs = list(pairwise(seconds))
    folded = [end - begin >= FOLDED_FROM * whole for begin, end in pairs]
    if len(pairs) - sum(folded) < max(FEWEST_BESIDE, 2 * sum(folded)):
        folded = [False] * len(pairs)
    each = min(FOLD_WIDTH, MOST_FOLDED / max(sum(folded), 1))
    visible = sum(end - begin for (begin, end), is_folded in zip(pairs, folded, strict=True) if not is_folded)
    room, at = 1.0 - each * sum(folded), 0.0
    found = []
    for (begin, end), is_folded in zip(pairs, folded, strict=True):
        width = each if is_folded else room * (end - begin) / visible
        found.append(Stretch(begin, end, at, at + width, is_folded))
        at += width
    return found
