"""The headline figures of Bottlenecks: what each says and what stands behind its "?". Pure."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from app.ui import wording
from app.ui.bottlenecks.chart import Row

Card: TypeAlias = dict[str, Any]


def card(key: str, title: str, number: float | None, text: str, words: Sequence[str], n: str, **more: Any) -> Card:
    """A figure without its meaning. `n`: what it rests on, in words; better: which direction is good."""
    plain = {"key": key, "title": title, "text": text, "number": number or 0, "words": list(words), "n": n}
    return plain | {"tone": "none"} | more


def cycle_time(row: Row, item: str) -> Card:
    """How long items take from beginning to end, open ones counted."""
    n = f"{wording.plural(row['exits'], item)} that ended, {wording.count(row['inside'])} still open"
    if row["p85_seconds"] is None:
        why = f"{row['not_reached']} not reached" if row["not_reached"] else str(row["thin"])
        half = [f"p50 {wording.duration(row['p50_seconds'])}"] if row["p50_seconds"] is not None else []
        return card("cycle_time", "From opening to end, p85", None, wording.NOTHING, [*half, why], n)
    words = [f"p50 {wording.duration(row['p50_seconds'])}", f"n = {wording.count(row['exits'])}"]
    completed = row["completed_p85_seconds"]
    if completed is not None and row["p85_seconds"] > 1.25 * completed:
        words[1] = f"completed only {wording.duration(completed)}"
    seconds, more = row["p85_seconds"], {"unit": "seconds", "better": "less"}
    return card("cycle_time", "From opening to end, p85", seconds, wording.duration(seconds), words, n, **more)


def throughput(rows: Sequence[Row], item: str) -> Card:
    """How many ended, and how many of them badly."""
    ended, badly = (sum(row[name] for row in rows) for name in ("ended", "ended_badly"))
    share = f", {wording.share(badly / ended)}" if ended else ""
    words = [f"{wording.count(badly)} ended badly{share}"]
    series = [row["ended"] for row in rows]
    more = {"series": series, "shape": "bars", "better": "more"}
    return card("throughput", "Ended", ended, wording.count(ended), words, wording.plural(ended, item), **more)


def efficiency(rows: Sequence[Row]) -> Card:
    """Touch over elapsed, all stages together."""
    row = next((each for each in rows if each["stage"] == "(all)"), None)
    share = row["efficiency_share"] if row else None
    words = ["of the time was work"] if row and share is not None else ["no time was spent"]
    n = wording.plural(row["stays"] if row else 0, "stay")
    more = {"part": share or 0.0, "unit": "share", "better": "more"}
    return card("efficiency", "Flow efficiency", share, wording.share(share), words, n, **more)


def first_pass(row: Row, item: str) -> Card:
    """Items that ended well and never went back."""
    words = [f"of {wording.count(row['items'])} that ended", f"{wording.count(row['reworked'])} went back"]
    n = wording.plural(row["items"], item)
    share = row["first_pass_share"]
    more = {"part": share or 0.0, "unit": "share", "better": "more"}
    return card("first_pass", "First-pass yield", share, wording.share(share), words, n, **more)


def waiting(rows: Sequence[Row], item: str) -> Card:
    """What the open items are worth, and how much of that stands longer than is usual."""
    unit = next((row["unit"] for row in rows if row["unit"]), None)
    known = [row["value"] for row in rows if row["value"] is not None]
    past = [row["past_p85_value"] for row in rows if row["past_p85_value"] is not None]
    without = sum(row["items_without_value"] for row in rows)
    words = [f"{wording.amount(sum(past), unit)} longer than usual"] if past else []
    words += [f"{wording.plural(without, item)} without a value"] if without else []
    n = wording.plural(sum(row["items"] for row in rows), item)
    total = sum(known) if known else None
    return card("waiting", "Value waiting", total, wording.amount(total, unit), words, n, unit=unit, better="less")
