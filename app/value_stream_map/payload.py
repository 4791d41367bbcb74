"""What the map is told: places from the layout, figures from the metrics, all words already made.

Pure: rows in, JSON-like data out. The browser draws it and decides nothing.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from app import theme
from app.ui import wording
from app.value_stream_map.drawing import Drawing
from app.value_stream_map.grid import Move
from app.value_stream_map.layout import LABEL_UNDRAWN, Arrow, Card, Layout, lay_out

Row: TypeAlias = Mapping[str, Any]
MOST_UNDRAWN = 6  # More would hide the drawn stream; the rest is counted below the map.
THINNEST, WIDEST = 1.6, 7.5


@dataclass(frozen=True)
class Figures:
    """Rows of the metrics in_flight, over_target, moves and stuck, and the words for the window of the moves.

    stuck: None where it was not asked.
    """

    in_flight: Sequence[Row]
    over_target: Sequence[Row]
    moves: Sequence[Row]
    window: str
    stuck: Sequence[Row] | None = ()


def payload(
    drawing: Drawing, figures: Figures, selected: str | None = None, way: Container[tuple[str, str]] | None = None
) -> dict[str, Any]:
    """Everything the map shows. way: moves to light up, such as those of one item."""
    undrawn = sorted(_undrawn(drawing, figures.moves), key=lambda row: (-row["items"], row["from_stage"]))
    shown = [Move(r["from_stage"], r["to_stage"], is_drawn=False) for r in undrawn[:MOST_UNDRAWN]]
    layout = lay_out(drawing.boxes, [*drawing.moves, *shown])
    volumes = {(row["from_stage"], row["to_stage"]): int(row["items"]) for row in figures.moves}
    cards = _cards(drawing, figures, layout, volumes)
    return {
        "signature": _signature(layout),
        "width": layout.width,
        "height": layout.height,
        "lanes": _lanes(drawing, layout, cards),
        "cards": cards,
        "arrows": [
            _arrow(arrow, drawing, volumes, figures.window)
            | {"isOnWay": way is not None and (arrow.source, arrow.target) in way}
            for arrow in layout.arrows
        ],
        "hasWay": way is not None,
        "legend": _legend(figures),
        "hidden": _hidden(undrawn[MOST_UNDRAWN:]),
        "selected": selected,
    }


def _undrawn(drawing: Drawing, moves: Iterable[Row]) -> list[Row]:
    known = {box.name for box in drawing.boxes}
    drawn = {(move.source, move.target) for move in drawing.moves}
    return [
        row
        for row in moves
        if row["items"]
        and (row["from_stage"], row["to_stage"]) not in drawn
        and {row["from_stage"], row["to_stage"]} <= known
    ]


def _signature(layout: Layout) -> str:
    """Same signature, same picture: the browser then only changes numbers."""
    return "|".join([str(layout.width), *(card.name for card in layout.cards), *(a.path for a in layout.arrows)])


def _lanes(drawing: Drawing, layout: Layout, cards: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    lane_of = {box.name: box.lane for box in drawing.boxes}
    found = []
    for lane in layout.lanes:
        members = [card for card in cards if lane_of[card["name"]] == lane.name and not card["isEnd"]]
        items = sum(card["items"] for card in members)
        words = f"{wording.count(items)} in flight" if members else ""
        found.append(
            {
                "title": lane.name,
                "y": lane.y,
                "height": lane.height,
                "words": words,
                "items": items,
                "isQuiet": not items,
            }
        )
    return found


def _cards(
    drawing: Drawing, figures: Figures, layout: Layout, volumes: Mapping[tuple[str, str], int]
) -> list[dict[str, Any]]:
    in_flight = {row["stage"]: row for row in figures.in_flight}
    limits = {row["stage"]: row for row in figures.over_target}
    lanes = {box.name: box.lane for box in drawing.boxes}
    stuck: dict[str, list[Row]] = {}
    for row in figures.stuck or ():
        stuck.setdefault(row["stage"], []).append(row)
    arrived = _arrived(volumes)
    return [
        _end_card(card, drawing, lanes[card.name], arrived.get(card.name, 0), figures.window)
        if card.is_end
        else _stage_card(
            card,
            drawing,
            lanes[card.name],
            in_flight.get(card.name, {}),
            limits.get(card.name, {}),
            stuck.get(card.name, []),
        )
        for card in layout.cards
    ]


def _arrived(volumes: Mapping[tuple[str, str], int]) -> dict[str, int]:
    arrived: dict[str, int] = {}
    for (_, target), items in volumes.items():
        arrived[target] = arrived.get(target, 0) + items
    return arrived


def _placed(card: Card, drawing: Drawing, lane: str) -> dict[str, Any]:
    return {
        "name": card.name,
        "title": drawing.titles.get(card.name, card.name),
        "lane": lane,
        "x": card.x,
        "y": card.y,
        "width": card.width,
        "height": card.height,
        "isEnd": card.is_end,
    }


def _end_card(card: Card, drawing: Drawing, lane: str, arrived: int, window: str) -> dict[str, Any]:
    is_bad = card.name in drawing.bad_ends
    title = drawing.titles.get(card.name, card.name)
    words = f"in the last {window}"
    ended = f"{wording.plural(arrived, drawing.item)} ended here {words}" + (", badly" if is_bad else "")
    return _placed(card, drawing, lane) | {
        "items": arrived,
        "count": wording.count(arrived),
        "words": words,
        "mark": "✕" if is_bad else "✓",
        "isBad": is_bad,
        "heat": None,
        "stuck": 0,
        "share": None,
        "label": f"{title}, end stage: {ended}",
        "tip": [ended],
    }


def _stage_card(card: Card, drawing: Drawing, lane: str, row: Row, limit: Row, stuck: Sequence[Row]) -> dict[str, Any]:
    items, rules = int(row.get("items") or 0), stuck_rules(stuck)
    target = limit.get("target_seconds")
    share = limit.get("over_target_share") if items and target is not None else None
    title = drawing.titles.get(card.name, card.name)
    told = [f"{wording.count(number)} stuck: {rule}" for rule, number in rules.items()]
    lines = [*_sentences(drawing, row, limit), *told]
    return _placed(card, drawing, lane) | {
        "items": items,
        "count": wording.count(items),
        "oldest": f"oldest {wording.duration(row.get('oldest_stay_seconds'))}" if items else "",
        "value": wording.amount(row["value"], row.get("unit")) if row.get("value") else "",
        "heat": theme.heat_step(share),
        "share": share,
        "limits": _limits(items, limit),
        "stuck": sum(rules.values()),
        "stuckWords": f"▲ {wording.count(sum(rules.values()))} stuck",
        "label": f"{title}, {lane}: " + ". ".join(lines),
        "tip": [f"{drawing.kinds[card.name]} stage of {lane}" if card.name in drawing.kinds else lane, *lines],
    }


def stuck_rules(rows: Sequence[Row]) -> dict[str, int]:
    """Stuck items by the rule to mend first, the most common first; what is only to watch does not count."""
    counts: dict[str, int] = {}
    for row in rows:
        if row["rank"] == 1 and row["severity"] != "watch":
            counts[row["rule"]] = counts.get(row["rule"], 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _limits(items: int, limit: Row) -> str:
    target = limit.get("target_seconds")
    if target is None:
        return "no target"
    if not items:
        return f"target {wording.duration(target)}"
    over = int(limit.get("over_target") or 0)
    return f"{wording.count(over)} of {wording.count(items)} over {wording.duration(target)}"


def _sentences(drawing: Drawing, row: Row, limit: Row) -> list[str]:
    """The card in whole sentences: for the tooltip and for those who hear it."""
    items = int(row.get("items") or 0)
    lines = [f"{wording.plural(items, drawing.item)} in flight"]
    if limit.get("target_seconds") is not None:
        over = int(limit.get("over_target") or 0)
        lines.append(
            f"{over} over the target of {wording.exact_duration(limit['target_seconds'])}"
            f" ({wording.share(limit.get('over_target_share'))})"
            if items
            else f"target {wording.exact_duration(limit['target_seconds'])}"
        )
    if limit.get("deadline_seconds") is not None:
        late = int(limit.get("over_deadline") or 0)
        lines.append(f"{late} past the deadline of {wording.exact_duration(limit['deadline_seconds'])}")
    if items:
        lines.append(f"longest here {wording.exact_duration(row.get('oldest_stay_seconds'))}")
        lines.append(f"oldest {drawing.item} {wording.exact_duration(row.get('oldest_age_seconds'))}")
    return lines + _value_lines(row)


def _value_lines(row: Row) -> list[str]:
    lines = []
    if row.get("value"):
        lines.append(f"value waiting {wording.amount(row['value'], row.get('unit'))}")
    if row.get("unit") and row.get("items_without_value"):
        lines.append(f"{wording.count(row['items_without_value'])} without a value")
    return lines


def _arrow(arrow: Arrow, drawing: Drawing, volumes: Mapping[tuple[str, str], int], window: str) -> dict[str, Any]:
    items = volumes.get((arrow.source, arrow.target), 0)
    most = max(volumes.values(), default=0)
    kind = "undrawn" if not arrow.is_drawn else "rework" if arrow.is_rework else "drawn"
    words = {"undrawn": ", a move that is not drawn", "rework": ", rework", "drawn": ""}[kind]
    source, target = (drawing.titles.get(name, name) for name in (arrow.source, arrow.target))
    return {
        "source": arrow.source,
        "target": arrow.target,
        "path": arrow.path,
        "tip": arrow.tip,
        "kind": kind,
        "items": items,
        "isUnused": not items,
        "width": _stroke(items, most, kind),
        "at": arrow.label,
        "words": _arrow_words(items, kind, arrow.label_width),
        "label": f"{source} → {target}{words}: {wording.plural(items, drawing.item)} in the last {window}",
    }


def _stroke(items: int, most: int, kind: str) -> float:
    """Width by volume; its root, so that the area the eye sees grows with the number."""
    if kind == "undrawn":
        return 3.2  # A dotted line is read by its dots, not by its width.
    return round(THINNEST + (WIDEST - THINNEST) * (items / most) ** 0.5, 1) if items else 1.2


def _arrow_words(items: int, kind: str, room: float) -> str:
    if kind == "undrawn" and room >= LABEL_UNDRAWN[0]:
        return f"{wording.count(items)} not drawn"
    return wording.count(items) if items else ""


def _hidden(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    return f"{wording.plural(len(rows), 'further move')} not drawn, with {sum(row['items'] for row in rows)} items"


def _legend(figures: Figures) -> dict[str, Any]:
    return {
        "heat": [{"heat": index, "words": step.label} for index, step in enumerate(theme.HEAT)],
        "window": f"moves in the last {figures.window}",
        "hasStuck": figures.stuck is not None,
    }
