"""The headline figures of the Stream page. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from app.ui import difference, wording
from app.ui.bottlenecks.cards import Card, card

Row: TypeAlias = Mapping[str, Any]
SHARE: Mapping[str, Any] = {"unit": "share", "better": "less"}


def drift(rows: Sequence[Row], item: str, window: str) -> list[Card]:
    """The index with its change, items that left the drawn ways, and arrows that nobody took."""
    index = next(row for row in rows if row["finding"] == "index")
    unused = [row for row in rows if row["finding"] == "unused"]
    n = f"{wording.plural(index['all_moves'], 'move')} in the last {window}"
    items = index["items_now"]
    return [
        _index(index, n, window),
        card(
            *("items_now", "Off the drawn ways", items, wording.count(items)),
            [f"open {item if items == 1 else item + 's'} that ever made an undrawn move"],
            n,
            tone="watch" if items else "none",
            better="less",
        ),
        card(
            *("unused", "Drawn, nobody took it", len(unused), wording.count(len(unused))),
            [f"{'move' if len(unused) == 1 else 'moves'} in the last {window}"],
            n,
        ),
    ]


def _index(index: Row, n: str, window: str) -> Card:
    share, before = index["share"], index["share_before"]
    words = [f"{wording.count(index['moves'])} of {wording.plural(index['all_moves'], 'move')} not drawn"]
    made = card(
        *("drift", "Drift", share, wording.share(share), words, n),
        **SHARE,
        part=share or 0.0,
        tone="watch" if index["moves"] else "none",
    )
    if share is None:
        return made | {"words": [f"nothing moved in the last {window}"]}
    if before is None:
        return made | {"words": [*words, f"nothing moved in the {window} before"]}
    return made | {"delta": _delta(share, before, index, window)}


def _delta(share: float, before: float, index: Row, window: str) -> dict[str, str]:
    tone = difference.tone(share, before, "less")
    points = round(100 * (share - before), 1)
    sign = "+" if points > 0 else "−" if points < 0 else "±"  # noqa: RUF001 - as wide as the plus
    mark = {"good": " ✓", "bad": " ▲", "none": ""}[tone]
    moves = wording.plural(index["all_moves_before"], "move")
    return {
        "text": f"{sign}{abs(points):g} points{mark}",
        "words": f"vs the {window} before",
        "tone": tone,
        "title": f"{wording.share(before)} of {moves} in the {window} before",
    }


def validation(rows: Sequence[Row], item: str) -> Card:
    """How much of what must be passed was passed, all required stages together."""
    items, passed, skipped = (sum(row[name] for row in rows) for name in ("items", "passed", "skipped"))
    share = passed / items if items else None
    stages = wording.plural(len(rows), "stage")
    words = [f"{wording.plural(skipped, 'breach', 'breaches')}, {stages} to pass"]
    if not items:
        words = [f"no {item} completed"]
    n = wording.plural(items, "passage") + " due"
    tone = "bad" if skipped else "none"
    more = {"part": share or 0.0, "unit": "share", "better": "more", "tone": tone}
    return card("validation", "Validation coverage", share, wording.share(share), words, n, **more)


def completeness(rows: Sequence[Row]) -> Card:
    """How often declared data was there when it was needed."""
    times, present, missing = (sum(row[name] for row in rows) for name in ("times", "present", "missing"))
    share = present / times if times else None
    n = wording.plural(times, "time")
    words = [f"missing {wording.count(missing)} of {n}"] if times else ["nothing was needed"]
    more = {"part": share or 0.0, "unit": "share", "better": "more", "tone": "watch" if missing else "none"}
    return card("completeness", "Data completeness", share, wording.share(share), words, n, **more)
