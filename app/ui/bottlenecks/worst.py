"""The worst bottleneck: where most of the time goes, what that costs, in one sentence. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.ui import axes, wording
from app.ui.bottlenecks.chart import Row


@dataclass(frozen=True)
class Worst:
    """The stage that holds most of the time: what is said of it large, and what small."""

    stage: str
    title: str
    claim: str
    cost: str


def worst(times: Sequence[Row], values: Sequence[Row], item: str) -> Worst | None:
    """The stage with the most time of the window's; None where nobody spent any.

    `times` are rows of time_in_state, `values` of value_waiting (none where the stream declares no value).
    """
    all_seconds = sum(row["total_seconds"] or 0.0 for row in times)
    if not all_seconds:
        return None
    row = max(times, key=lambda each: each["total_seconds"] or 0.0)
    share = wording.share(row["total_seconds"] / all_seconds)
    claim = f"{row['title']} holds {share} of all time in the window: {axes.spent(row['total_seconds'])}"
    value = next((each for each in values if each["stage"] == row["stage"]), None)
    return Worst(row["stage"], row["title"], claim, ". ".join(_costs(row, value, item)) + ".")


def _costs(row: Row, value: Row | None, item: str) -> list[str]:
    there = f"{wording.plural(row['inside'], item)} inside" if row["inside"] else f"No {item} is inside at its end"
    told = [_long(row), there + _value(value)]
    if row["within_target_share"] is not None:
        told.insert(1, f"{wording.share(row['within_target_share'])} of stays within the target")
    return told


def _long(row: Row) -> str:
    name = next((name for name in ("p85", "p50") if row[f"{name}_seconds"] is not None), None)
    against = f"a target of {wording.duration(row['target_seconds'])}" if row["target_seconds"] is not None else ""
    if name is None:
        why = f"{row['not_reached']} not reached" if row["not_reached"] else row["thin"]
        return f"How long stays last is not known ({why})" + (f"; it has {against}" if against else "")
    sure = f"{name} {wording.duration(row[f'{name}_seconds'])}"
    return f"{sure} against {against}" if against else f"{sure}, no target is set"


def _value(value: Row | None) -> str:
    if value is None or value["value"] is None:
        return ""
    without = value["items_without_value"]
    unknown = f" ({wording.count(without)} without a value)" if without else ""
    return f", {wording.amount(value['value'], value['unit'])} waiting{unknown}"
