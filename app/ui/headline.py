"""The headline figures of Live flow: what each says, how it moved, and what it means. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from app.ui import difference, meaning, wording
from app.ui.health import Trust, worst
from metrics import Metric

Row: TypeAlias = Mapping[str, Any]
Figure: TypeAlias = dict[str, Any]
SHORT = 6  # The short figure of arrivals covers the last sixth of the window: 10 minutes of an hour.


def figures(
    in_flight: Sequence[Row],
    over_target: Sequence[Row],
    flow: Sequence[Row],
    stuck: Mapping[str, int] | None,
    *,
    window_seconds: float,
    item: str,
) -> list[Figure]:
    """The cards, in order: in flight, arrived, departed, stuck, over target, past deadline, value waiting.

    stuck: items by the rule to mend first; None leaves the card out.
    """
    items = sum(row["items"] for row in in_flight)
    over = [row for row in over_target if row["target_seconds"] is not None]
    late = [row for row in over_target if row["deadline_seconds"] is not None]
    cards = [
        _in_flight(items, [row["in_flight"] for row in flow]),
        _passing("arrived", "Arrived", [row["arrivals"] for row in flow], window_seconds, "opened"),
        _passing("departed", "Departed", [row["departures"] for row in flow], window_seconds, "ended"),
        *([] if stuck is None else [_stuck(stuck)]),
        _over_target(sum(row["over_target"] for row in over), sum(row["items"] for row in over)),
        _past_deadline(sum(row["over_deadline"] for row in late), late, [row["over_deadline"] for row in flow]),
    ]
    return [*cards, *_value(in_flight, items, item)]


def _figure(key: str, title: str, number: float, text: str, words: Sequence[str], **more: Any) -> Figure:
    return {"key": key, "title": title, "number": number, "text": text, "words": list(words), "tone": "none"} | more


def _in_flight(items: int, series: Sequence[int]) -> Figure:
    more = {"series": list(series), "shape": "line", "better": "less"}
    return _figure("in_flight", "In flight", items, wording.count(items), [], **more)


def _passing(key: str, title: str, series: Sequence[int], window_seconds: float, verb: str) -> Figure:
    recent = sum(series[-(len(series) // SHORT) :]) if len(series) >= SHORT else sum(series)
    words = [f"{wording.count(recent)} in the last {wording.duration(window_seconds / SHORT)}"]
    title = f"{title}, last {wording.duration(window_seconds)}"
    total = sum(series)
    more = {"series": list(series), "shape": "bars", "verb": verb, "better": "more" if key == "departed" else None}
    return _figure(key, title, total, wording.count(total), words, **more)


def _stuck(rules: Mapping[str, int]) -> Figure:
    items = sum(rules.values())
    words = [f"{rule} {wording.count(number)}" for rule, number in list(rules.items())[:2]] or ["nothing stands still"]
    more = {"tone": "bad" if items else "none", "better": "less"}
    return _figure("stuck", "Stuck", items, wording.count(items), words, **more)


def _over_target(over: int, among: int) -> Figure:
    words = [f"{wording.share(over / among)} of {wording.count(among)} with a target"] if among else ["no item has one"]
    tone = "watch" if over else "none"
    more = {"tone": tone, "part": over / (among or 1), "better": "less"}
    return _figure("over_target", "Over target", over, wording.count(over), words, **more)


def _past_deadline(late: int, stages: Sequence[Row], series: Sequence[int]) -> Figure:
    among = sum(row["items"] for row in stages)
    return _figure(
        *("past_deadline", "Past deadline", late, wording.count(late), [f"of {wording.count(among)} with one"]),
        tone="bad" if late else "none",
        series=list(series),
        shape="line",
        better="less",
    )


def _value(in_flight: Sequence[Row], items: int, item: str) -> list[Figure]:
    unit = next((row["unit"] for row in in_flight if row["unit"]), None)
    if unit is None:
        return []
    known = [row["value"] for row in in_flight if row["value"] is not None]
    without = sum(row["items_without_value"] for row in in_flight)
    words = [f"{wording.plural(without, item)} without a value" if without else f"all {wording.plural(items, item)}"]
    total = sum(known) if known else None
    more = {"unit": unit, "better": "less"}
    return [_figure("value", "Value waiting", total or 0, wording.amount(total, unit), words if items else [], **more)]


def since(cards: Sequence[Figure], earlier: Sequence[Figure], at: datetime, words: str) -> list[Figure]:
    """The cards with how they differ from those of an earlier instant, coloured by whether the direction is good.

    words: which instant that is, such as "an hour ago".
    """
    before = {card["key"]: card for card in earlier}
    return [card | {"delta": _delta(card, before[card["key"]], at, words)} for card in cards if card["key"] in before]


def _delta(now: Figure, then: Figure, at: datetime, words: str) -> dict[str, str]:
    change = difference.signed(now["number"], then["number"], wording.measure(now.get("unit", "")))
    tone = difference.tone(now["number"], then["number"], now.get("better"))
    mark = {"good": " ✓", "bad": " ▲", "none": ""}[tone]
    return {
        "text": f"{change}{mark}",
        "words": f"vs {words}",
        "tone": tone,
        "title": f"{then['text']} {words}, {at:%a %Y-%m-%d %H:%M} UTC",
    }


def without_narrowing(cards: Sequence[Figure]) -> list[Figure]:
    """The cards while a filter is on: what it does not narrow says so, and trends of all items are left out."""
    passing = ("arrived", "departed")
    return [
        card | {"words": ["all, the filter does not narrow this"]} if card["key"] in passing else card | {"series": []}
        for card in cards
    ]


def health_figures(rows: Sequence[Row], found: Sequence[Trust]) -> list[Figure]:
    """The sources in a few numbers: the furthest behind, requests, kept, and whether counts agree."""
    behind = max((row["behind_seconds"] or 0.0 for row in rows), default=0.0)
    state = worst(found)
    requests, throttled = (sum(row[name] for row in rows) for name in ("requests", "throttled"))
    last = sum(row["requests_last_round"] or 0 for row in rows)
    open_here, open_there = (sum(row[name] or 0 for row in rows) for name in ("open_here", "open_there"))
    tone = {"good": "none", "late": "watch", "waiting": "watch", "down": "bad"}[state]
    return [
        _figure(
            "behind",
            "Furthest behind",
            behind,
            wording.duration(behind),
            [f"of {wording.plural(len(found), 'source')}"],
            tone=tone,
        ),
        _figure("open", "Open here", open_here, wording.count(open_here), [_there(open_here, open_there)]),
        _figure("requests", "Requests made", requests, wording.count(requests), [f"{last} in the last rounds"]),
        _figure(
            *("throttled", "Throttled", throttled, wording.count(throttled), ["refused, made again later"]),
            tone="watch" if throttled else "none",
        ),
        _figure(
            *("events", "Events kept", sum(row["events"] for row in rows)),
            *(
                wording.count(sum(row["events"] for row in rows)),
                [f"of {sum(row['runs'] for row in rows)} runs and rows"],
            ),
        ),
    ]


def _there(here: int, there: int) -> str:
    return f"✓ {wording.count(there)} there too" if here == there else f"≠ {wording.count(there)} there"


def linked(cards: Sequence[Figure], hrefs: Mapping[str, str]) -> list[Figure]:
    """The cards with the way to the rows that each counted, by key; a card without one stays as it is."""
    return [card | {"href": hrefs[card["key"]]} if card["key"] in hrefs else card for card in cards]


def explained(
    cards: Sequence[Figure],
    metrics_by_key: Mapping[str, tuple[Metric, str]],
    *,
    n: str,
    as_of: datetime,
    sources: Sequence[str] = (),
) -> list[Figure]:
    """The cards with what stands behind their "?": definition, n, unit and source. Those of no metric are left out."""
    return [
        card | {"help": meaning.facts(metric, n=n, as_of=as_of, sources=sources, extra=extra)}
        for card in cards
        for metric, extra in [metrics_by_key.get(card["key"], (None, ""))]
        if metric is not None
    ]
