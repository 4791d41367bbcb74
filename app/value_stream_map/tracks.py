"""Side by side: arrows that share a grid line are shifted so that none lies on another."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from app.value_stream_map.routing import Route

Key: TypeAlias = tuple[str, str]
Line: TypeAlias = tuple[str, int]
"""A grid line: ('level', row) or ('upright', column), in grid numbers."""


@dataclass(frozen=True)
class Run:
    """One straight piece of a route, on one grid line, from `start` to `end` along it."""

    key: Key
    piece: int
    line: Line
    start: float
    end: float
    pull: int  # -1: its ends turn up (or left); +1: down (or right); 0: straight on or one of each.
    slope: int  # For one of each: +1 when it comes from above (left) at its start.
    reach: float  # How far the neighbouring pieces lead away across the line.
    is_drawn: bool


def runs(key: Key, route: Route, is_drawn: bool) -> list[Run]:
    """Cut a route into its straight pieces."""
    pieces = list(itertools.pairwise(route))
    found = []
    for index, ((x, y), (to_x, to_y)) in enumerate(pieces):
        is_level = y == to_y
        line: Line = ("level", y) if is_level else ("upright", x)
        here, there = (x, to_x) if is_level else (y, to_y)
        across = 1 if is_level else 0
        before = route[index - 1][across] - route[index][across] if index else 0
        after = route[index + 2][across] - route[index + 1][across] if index + 2 < len(route) else 0
        at_start, at_end = (before, after) if here <= there else (after, before)
        found.append(
            Run(
                key,
                index,
                line,
                min(here, there),
                max(here, there),
                _sign(_sign(at_start) + _sign(at_end)),
                _sign(_sign(at_end) - _sign(at_start)),
                max(abs(at_start), abs(at_end)),
                is_drawn,
            )
        )
    return found


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def _order(run: Run) -> tuple[float, ...]:
    """Keeps crossings few: nested turns lie inside each other, and steps descend in the order they are met."""
    length = run.end - run.start
    if run.pull:
        return run.pull, length * -run.pull, run.reach * -1, run.start
    return 0, -run.start * run.slope, length


def offsets(all_runs: Iterable[Run], room: Mapping[Line, float], step: float) -> dict[tuple[Key, int], float]:
    """How far each piece lies beside its grid line, in pixels; within `room` on either side of it.

    Drawn pieces share the room among themselves, centred; undrawn ones then take what is left, so that a move which
    nobody drew never shifts a drawn one.
    """
    by_line: dict[Line, list[Run]] = defaultdict(list)
    for run in all_runs:
        by_line[run.line].append(run)
    found: dict[tuple[Key, int], float] = {}
    for line, members in sorted(by_line.items()):
        placed = _centred([run for run in members if run.is_drawn], room[line], step)
        for run in sorted((run for run in members if not run.is_drawn), key=_order):
            placed[run] = _freest(run, placed, room[line], step)
        found.update({(run.key, run.piece): offset for run, offset in placed.items()})
    return found


def tracks_needed(members: Sequence[Run]) -> int:
    """How many side-by-side tracks the drawn pieces of one line need."""
    return max((track for track in _tracks(members).values()), default=-1) + 1


def _touch(one: Run, other: Run) -> bool:
    return one.start <= other.end and other.start <= one.end


def _tracks(members: Sequence[Run]) -> dict[Run, int]:
    tracks: dict[Run, int] = {}
    for run in sorted(members, key=lambda run: (*_order(run), run.key, run.piece)):
        tracks[run] = max((track + 1 for other, track in tracks.items() if _touch(run, other)), default=0)
    return tracks


def _centred(members: Sequence[Run], room: float, step: float) -> dict[Run, float]:
    placed: dict[Run, float] = {}
    for group in _touching_groups(members):
        tracks = _tracks(group)
        most = max(tracks.values())
        gap = min(step, 2 * room / most) if most else 0.0
        placed.update({run: (track - most / 2) * gap for run, track in tracks.items()})
    return placed


def _touching_groups(members: Sequence[Run]) -> list[list[Run]]:
    groups: list[list[Run]] = []
    reach = -1.0
    for run in sorted(members, key=lambda run: (run.start, run.end, run.key, run.piece)):
        if groups and run.start <= reach:
            groups[-1].append(run)
        else:
            groups.append([run])
        reach = max(reach, run.end)
    return groups


def _freest(run: Run, placed: Mapping[Run, float], room: float, step: float) -> float:
    taken = [offset for other, offset in placed.items() if _touch(run, other)]
    half_steps = int(2 * room / step)
    choices = [0.0, *(sign * step / 2 * n for n in range(1, half_steps + 1) for sign in (-1, 1))]
    fitting = [choice for choice in choices if abs(choice) <= room]
    return max(fitting, key=lambda choice: min([*(abs(choice - offset) for offset in taken), step * 0.9]))
