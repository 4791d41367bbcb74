"""What is compared: this window with another, or one segment with another; all of it said by the address. Pure."""

from dataclasses import dataclass, replace
from datetime import timedelta

from app.answers import window
from metrics import Question, Window

# What to compare with, as the address says it, and as people do.
AGAINST = {
    "then": "the instant chosen above",
    "before": "the window before",
    "day": "the same, a day earlier",
    "week": "the same, a week earlier",
    "windows": "two windows of my choice",
    "segments": "two segments",
}
EARLIER = {"day": timedelta(days=1), "week": timedelta(days=7)}


@dataclass(frozen=True)
class Side:
    """One side: what is asked, and what it is called in a sentence and beside a bar."""

    question: Question
    words: str
    name: str


def windows(question: Question, against: str) -> tuple[Side, Side]:
    """The window before this one (or as long ago as `against` says), and this one."""
    now = question.need_window()
    back = EARLIER.get(against, now.to_at - now.from_at)
    then = Window(now.from_at - back, now.to_at - back)
    said = {"before": "in the window before", "day": "a day earlier", "week": "a week earlier"}
    named = {"before": "Before", "day": "A day earlier", "week": "A week earlier"}
    first = Side(_at(question, then), said.get(against, said["before"]), named.get(against, named["before"]))
    return first, Side(question, "in this one", "This window")


def compared_with(then: Question, now: Question) -> tuple[Side, Side]:
    """The same question of an earlier instant, and the one of now."""
    name = f"{then.as_of:%Y-%m-%d %H:%M} UTC"
    return Side(then, f"as of {name}", name), Side(now, "now", "Now")


def chosen_windows(question: Question, before: str, after: str) -> tuple[Side, Side]:
    """Two windows that the viewer wrote: `7d` or `FROM..TO`. Raises AskError for what is none."""
    sides = ((before.strip(), "First window"), (after.strip(), "Second window"))
    first, second = (Side(_at(question, window(text, question.as_of)), f"in {text}", name) for text, name in sides)
    return first, second


def segments(question: Question, segment: str, before: str, after: str) -> tuple[Side, Side]:
    """The same window for two values of a segment."""
    where = tuple(pair for pair in question.where if pair[0] != segment)
    first, second = (
        Side(replace(question, where=(*where, (segment, value))), f"for {segment} {value}", value)
        for value in (before, after)
    )
    return first, second


def written(window: Window) -> str:
    """A window as the viewer would write it."""
    return f"{window.from_at:%Y-%m-%dT%H:%M}..{window.to_at:%Y-%m-%dT%H:%M}"


def _at(question: Question, window: Window) -> Question:
    """The question about another window, and about what was in flight at its end."""
    return replace(question, window=window, as_of=min(window.to_at, question.as_of))
