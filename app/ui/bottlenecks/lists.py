"""Handoffs, rework, systems and the balance of each stage as tables. Pure."""

from collections.abc import Sequence

from app.ui import axes, wording
from app.ui.bottlenecks.chart import Row
from app.ui.tables import Cell, Table, cell, column


def _counted(number: int, most: int) -> Cell:
    """A count with a bar against the largest."""
    return cell(wording.count(number), sort=number, part=number / most if most else 0)


def _lasting(seconds: float | None, why: str | None = None) -> Cell:
    if seconds is None:
        return cell(wording.NOTHING, sort=-1, tone="quiet", title=why or "not known")
    return cell(wording.duration(seconds), sort=seconds, title=wording.exact_duration(seconds))


def _shared(share: float | None, of: str, *, watch: float | None = None) -> Cell:
    tone = "watch" if watch is not None and share is not None and share >= watch else ""
    return cell(wording.share(share), sort=-1 if share is None else share, tone=tone, title=of)


def handoffs(rows: Sequence[Row]) -> Table:
    """What was passed from lane to lane, the most first: how long it then lay, and how much came back."""
    columns = [
        column("pair", "From → to") | {"isHead": True},
        column("handoffs", "Handoffs", "number", "How often work was passed on in the window"),
        column("p50", "Then lay, p50", "number", "Half of the receivers had acted by then"),
        column("p85", "p85", "number", "85 of 100 receivers had acted by then"),
        column("waiting", "Lies now", "number", "Passed on, and nobody has acted yet"),
        column("back", "Comes back", "number", "The receiver's next handoff goes back to where it came from"),
    ]
    most = max((row["handoffs"] for row in rows), default=0)
    lines = [
        {
            "cells": [
                cell(f"{row['from_lane']} → {row['to_lane']}"),
                _counted(row["handoffs"], most),
                _lasting(row["p50_seconds"], row["thin"]),
                _lasting(row["p85_seconds"], row["thin"]),
                cell(wording.count(row["waiting"]), sort=row["waiting"]),
                _shared(row["came_back_share"], f"{row['came_back']} of {row['handoffs']}", watch=0.1),
            ]
        }
        for row in sorted(rows, key=lambda each: -each["handoffs"])
    ]
    return {"caption": "Handoffs between lanes", "columns": columns, "rows": lines, "more": ""}


def rework(rows: Sequence[Row], titles: dict[str, str]) -> Table:
    """Ways back, the costliest first: how often, and how long until the work was where it had been."""
    columns = [
        column("way", "Back from → to") | {"isHead": True},
        column("times", "Times", "number", "Moves back in the window"),
        column("items", "Items", "number", is_minor=True),
        column("cost", "Time lost", "number", "From each move back until the item was again where it had been"),
        column("each", "Each", "number", "Time lost over times"),
        column("still", "Still back", "number", "Has not returned and is not over"),
        column("kind", "Kind", help="drawn: an arrow of the stream file; reset: somebody's deed", is_minor=True),
    ]
    most = max((row["again_seconds"] for row in rows), default=0.0)
    lines = [_way(row, titles, most) for row in sorted(rows, key=lambda each: -each["again_seconds"])]
    return {"caption": "Rework", "columns": columns, "rows": lines, "more": ""}


def _way(row: Row, titles: dict[str, str], most: float) -> dict[str, list[Cell]]:
    seconds = row["again_seconds"]
    kind = "reset" if row["kind"] == "reset" else "drawn" if row["is_drawn"] else "not drawn"
    names = [str(titles.get(row[end], row[end])) for end in ("from_stage", "to_stage")]
    return {
        "cells": [
            cell(" → ".join(names)),
            cell(wording.count(row["times"]), sort=row["times"]),
            cell(wording.count(row["items"]), sort=row["items"]),
            cell(axes.spent(seconds), sort=seconds, part=seconds / most if most else 0),
            _lasting(seconds / row["times"]),
            cell(wording.count(row["still_back"]), sort=row["still_back"]),
            cell(kind, tone="watch" if kind == "not drawn" else ""),
        ]
    }


def systems(rows: Sequence[Row]) -> Table:
    """Each declared system: its share of the time, how often it fails and is retried, what waits for it now."""
    columns = [
        column("system", "System") | {"isHead": True},
        column("share", "Share of all time", "number", "Of the time that all items spent in stages in the window"),
        column("seconds", "Time", "number", "Queueing and retrying included"),
        column("calls", "Calls", "number", is_minor=True),
        column("failed", "Failed", "number", "Of the calls that ended, for good"),
        column("retried", "Retried", "number", "Of the calls that ended, at least one more attempt"),
        column("retries", "More attempts", "number", is_minor=True),
        column("waiting", "Waits for it", "number", "Calls that have not ended"),
        column("oldest", "Longest", "number", "The oldest call that has not ended"),
    ]
    most = max((row["share"] or 0.0 for row in rows), default=0.0)
    lines = [_system(row, most) for row in sorted(rows, key=lambda each: -(each["share"] or 0.0))]
    return {"caption": "Systems", "columns": columns, "rows": lines, "more": ""}


def _system(row: Row, most: float) -> dict[str, list[Cell]]:
    # Where nothing was called, no time was spent: the metric says nothing, which is 0 here.
    seconds, share = row["seconds"] or 0.0, row["share"]
    of = f"of {wording.plural(row['ended'], 'call')} that ended"
    return {
        "cells": [
            cell(row["title"]),
            cell(wording.share(share), sort=share or 0.0, part=(share or 0.0) / most if most else 0),
            cell(axes.spent(seconds), sort=seconds, title=wording.exact_duration(seconds)),
            cell(wording.count(row["calls"]), sort=row["calls"]),
            _shared(row["failed_share"], f"{row['failed']} {of}", watch=0.01),
            _shared(row["retried_share"], f"{row['retried']} {of}", watch=0.05),
            cell(wording.count(row["retries"]), sort=row["retries"]),
            cell(wording.count(row["waiting"]), sort=row["waiting"]),
            _lasting(row["oldest_waiting_seconds"], "nothing waits"),
        ]
    }


def balance(rows: Sequence[Row]) -> Table:
    """Little's law by stage: what arrivals and means predict to be in flight, what was, and the residual."""
    columns = [
        column("stage", "Stage") | {"isHead": True},
        column("arrivals", "Arrived", "number"),
        column("exits", "Left", "number"),
        column("mean", "Mean stay", "number", "Of those that left; the law speaks of the mean"),
        column("predicted", "Predicted in flight", "number", "Arrival rate times mean stay"),
        column("observed", "Observed", "number", "Average over the window"),
        column("residual", "Residual", "number", "Observed less predicted"),
    ]
    lines = [_balanced(row) for row in rows]
    return {"caption": "Little's law by stage", "columns": columns, "rows": lines, "more": ""}


def _balanced(row: Row) -> dict[str, list[Cell]]:
    residual, share = row["residual_in_flight"], row["residual_share"]
    known = residual is not None
    words = f"{residual:+.1f} ({wording.share(abs(share))})" if known and share is not None else _number(residual)
    tone = "watch" if share is not None and abs(share) >= 0.25 else ""
    title = "All stages" if row["stage"] == "(all)" else row["title"]
    return {
        "cells": [
            cell(title),
            cell(wording.count(row["arrivals"]), sort=row["arrivals"]),
            cell(wording.count(row["exits"]), sort=row["exits"]),
            _lasting(row["mean_seconds"], row["thin"]),
            cell(_number(row["predicted_in_flight"]), sort=row["predicted_in_flight"] or 0.0),
            cell(_number(row["observed_in_flight"]), sort=row["observed_in_flight"] or 0.0),
            cell(words, sort=residual or 0.0, tone=tone, title=row["thin"] or ""),
        ]
    }


def _number(number: float | None) -> str:
    return wording.NOTHING if number is None else f"{number:.1f}"
