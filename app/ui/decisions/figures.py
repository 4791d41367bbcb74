"""The headline figures of Decisions, over all decisions of a stream. Pure."""

from collections.abc import Sequence

from app.ui import wording
from app.ui.bottlenecks.cards import Card, card
from app.ui.bottlenecks.chart import Row


def figures(summary: Sequence[Row]) -> list[Card]:
    """The cards, in order: coverage, overdue, deadlines kept, reversed, breaches of authority and of four eyes."""
    return [_coverage(summary), _overdue(summary), _kept(summary), _reversed(summary), _breaches(summary)]


def _sum(rows: Sequence[Row], name: str) -> int:
    return sum(row[name] or 0 for row in rows)


def _of(rows: Sequence[Row], share: str, among: str) -> tuple[float | None, int, int]:
    """A share over all decisions: shares weigh as much as the questions behind them. With part and whole."""
    whole = _sum(rows, among)
    part = round(sum((row[share] or 0) * (row[among] or 0) for row in rows))
    return (part / whole if whole else None), part, whole


def _coverage(rows: Sequence[Row]) -> Card:
    share, known, decided = _of(rows, "coverage_share", "decided")
    words = [f"who decided is known for {wording.count(known)} of {wording.count(decided)}"]
    more = {"part": share or 0.0, "unit": "share", "better": "more", "tone": _low(share)}
    n = wording.plural(decided, "decision")
    return card("coverage", "Coverage", share, wording.share(share), words, n, **more)


def _low(share: float | None) -> str:
    """Whatever is said of persons holds for this share only: below nine in ten it deserves a mark."""
    return "watch" if share is not None and share < 0.9 else "none"


def _overdue(rows: Sequence[Row]) -> Card:
    overdue, open_ = _sum(rows, "overdue"), _sum(rows, "open")
    words = [f"of {wording.count(open_)} open"]
    more = {"tone": "bad" if overdue else "none", "better": "less"}
    n = wording.plural(open_, "open question")
    return card("overdue", "Overdue now", overdue, wording.count(overdue), words, n, **more)


def _kept(rows: Sequence[Row]) -> Card:
    share, kept, whole = _of(rows, "deadline_kept_share", "with_deadline")
    words = [f"{wording.count(kept)} of {wording.count(whole)} within their deadline"] if whole else ["none has one"]
    more = {"part": share or 0.0, "unit": "share", "better": "more"}
    n = wording.plural(whole, "question")
    return card("kept", "Deadlines kept", share, wording.share(share), words, n, **more)


def _reversed(rows: Sequence[Row]) -> Card:
    share, turned, decided = _of(rows, "reversal_share", "decided")
    words = [f"{wording.count(turned)} of {wording.count(decided)} decided otherwise later"]
    more = {"part": share or 0.0, "unit": "share", "better": "less"}
    return card("reversed", "Reversed", share, wording.share(share), words, wording.plural(decided, "decision"), **more)


def _breaches(rows: Sequence[Row]) -> Card:
    authority, eyes = _sum(rows, "authority_breaches"), _sum(rows, "four_eyes_breaches")
    checked = _sum(rows, "authority_checked")
    words = [
        f"{wording.count(authority)} without authority, of {wording.count(checked)} that could be checked",
        f"{wording.count(eyes)} with too few people",
    ]
    total = authority + eyes
    more = {"tone": "bad" if total else "none", "better": "less"}
    n = wording.plural(checked, "checked decision")
    return card("breaches", "Breaches", total, wording.count(total), words, n, **more)
