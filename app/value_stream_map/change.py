"""The map as change: how many more or fewer items each stage and lane holds now than then. Pure."""

from typing import Any, TypeAlias

from app.ui import wording
from app.ui.difference import signed

Data: TypeAlias = dict[str, Any]


def changed(now: Data, then: Data) -> Data:
    """`payload` of now, each number in it the difference to that of then. Both are of one stream; colours are now's."""
    cards = {card["name"]: card for card in then["cards"]}
    lanes = {lane["title"]: lane for lane in then["lanes"]}
    arrows = {(arrow["source"], arrow["target"]): arrow for arrow in then["arrows"]}
    return now | {
        "cards": [_card(card, cards[card["name"]]) for card in now["cards"]],
        "lanes": [lane | {"words": _lane(lane, lanes[lane["title"]])} for lane in now["lanes"]],
        "arrows": [_arrow(arrow, arrows.get((arrow["source"], arrow["target"]))) for arrow in now["arrows"]],
    }


def _card(now: Data, then: Data) -> Data:
    change = signed(now["items"], then["items"])
    told = f"{change}: {now['count']} now, {then['count']} then"
    found = now | {"count": change, "label": f"{now['title']}: {told}", "tip": [told, *now["tip"]]}
    if now["isEnd"]:
        return found | {"words": now["words"]}
    return found | {
        "oldest": f"{now['count']} now",
        "value": f"{then['count']} then",
        "stuck": now["stuck"] - then["stuck"],
        "stuckWords": f"▲ {signed(now['stuck'], then['stuck'])} stuck",
    }


def _lane(now: Data, then: Data) -> str:
    return f"{signed(now['items'], then['items'])} in flight" if now["words"] else ""


def _arrow(now: Data, then: Data | None) -> Data:
    before = then["items"] if then else 0
    change = signed(now["items"], before)
    words = change if now["words"] and now["kind"] != "undrawn" else now["words"]
    return now | {"words": words, "label": f"{now['label']}, {wording.count(before)} then ({change})"}
