"""Rounds, budgets, retention, differences and the data dictionary as tables and sentences. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.config import Config
from app.source_facts import SPAN
from app.ui import wording
from app.ui.health import Row
from app.ui.tables import Cell, Table, cell, column
from connectors.temporal.reconciliation import Difference, Reconciliation
from warehouse.views import View

MOST_ROWS = 100
SOON = timedelta(days=1)


def _table(caption: str, columns: Sequence[dict[str, Any]], rows: Sequence[list[Cell]], more: str = "") -> Table:
    return {"caption": caption, "columns": list(columns), "rows": [{"cells": cells} for cells in rows], "more": more}


def _instant(at: datetime) -> Cell:
    return cell(f"{at:%Y-%m-%d %H:%M:%S}", title=f"{at:%a %Y-%m-%d %H:%M:%S.%f} UTC")


def rounds(rows: Sequence[Row]) -> Table:
    """The newest rounds, what went wrong in each said in its own words."""
    columns = [
        column("ended", "Ended, UTC") | {"isHead": True},
        column("source", "Source"),
        column("state", "Round"),
        column("took", "Took", "number"),
        column("requests", "Requests", "number"),
        column("runs", "Runs or rows", "number", "New or changed", is_minor=True),
        column("events", "Events or versions", "number", "Added", is_minor=True),
        column("error", "Error", "long"),
    ]
    return _table("Rounds, the newest first", columns, [_round(row) for row in rows])


def _round(row: Row) -> list[Cell]:
    if row["error"]:
        state = cell("failed", mark="▲", tone="bad")
    elif row["is_complete"]:
        state = cell("complete", mark="✓", tone="good")
    else:
        state = cell("goes on", mark="◷", tone="watch", title="There was more to read than one round takes")
    seconds = row["duration_seconds"]
    return [
        _instant(row["ended_at"]),
        cell(row["source"]),
        state,
        cell(f"{seconds:.1f}s" if seconds < 10 else wording.duration(seconds), sort=seconds, title=f"{seconds:.3f} s"),
        cell(wording.count(row["requests"]), sort=row["requests"]),
        cell(wording.count(row["runs_changed"]), sort=row["runs_changed"]),
        cell(wording.count(row["events_added"]), sort=row["events_added"]),
        cell(row["error"] or "none", tone="" if row["error"] else "quiet"),
    ]


def budgets(rows: Sequence[Row], config: Config) -> Table:
    """How fast each source was asked, against what it may be asked."""
    allowed = {
        cluster.source(namespace): cluster.requests_per_second
        for cluster in config.temporal
        for namespace in cluster.namespaces
    }
    columns = [
        column("source", "Source") | {"isHead": True},
        column(
            "most", "Most per second", "number", "Requests of the quickest round of the last hour, per second of it"
        ),
        column("allowed", "Allowed", "number", "requests_per_second in streamgauge.toml"),
        column("requests", "Requests", "number", "In the last hour"),
        column("throttled", "Throttled", "number", "Refused by the source for its own limits, in the last hour"),
    ]
    return _table("Budget used in the last hour", columns, [_budget(row, allowed.get(row["source"])) for row in rows])


def _budget(row: Row, allowed: float | None) -> list[Cell]:
    most, throttled = row["most_per_second"], row["throttled"]
    part = min(most / allowed, 1.0) if most is not None and allowed else 0.0
    return [
        cell(row["source"]),
        cell(wording.NOTHING if most is None else f"{most:.3g}", sort=most or 0.0, part=part),
        cell(f"{allowed:g}", sort=allowed) if allowed else cell("no limit set", sort=0, tone="quiet"),
        cell(wording.count(row["requests"]), sort=row["requests"]),
        cell(wording.count(throttled), sort=throttled, tone="watch" if throttled else ""),
    ]


def time_left(row: Row, as_of: datetime) -> timedelta | None:
    """Until Temporal forgets the oldest history that is not read to its end, or, where all are, one that closes right
    after the instant up to which was read. Negative: some are lost. None where retention or that instant is unknown.
    """
    first_at: datetime | None = row["oldest_unread_at"] or row["as_of_at"]
    if row["retention_seconds"] is None or first_at is None:
        return None
    return first_at + timedelta(seconds=row["retention_seconds"]) - as_of


def retention(rows: Sequence[Row], as_of: datetime) -> Table:
    """How long until something is forgotten that was not read."""
    columns = [
        column("source", "Source") | {"isHead": True},
        column("left", "Time left", "number", "Until Temporal forgets a history that was not read, if nothing is read"),
        column("keeps", "Keeps for", "number", "Retention: how long Temporal keeps what is closed"),
        column("unread", "Not read yet", "number", "Closed runs whose history was not read to its end"),
        column("only", "Only here", "number", "Closed longer ago than Temporal keeps them"),
    ]
    return _table("Time until history is forgotten", columns, [_retained(row, as_of) for row in rows])


def _retained(row: Row, as_of: datetime) -> list[Cell]:
    keeps, unread, only = row["retention_seconds"], row["unread"], row["only_here"]
    return [
        cell(row["source"]),
        _left(time_left(row, as_of), keeps),
        cell(wording.duration(keeps) if keeps else "not known", sort=keeps or 0, tone="" if keeps else "quiet"),
        cell(wording.count(unread), sort=unread, tone="watch" if unread else ""),
        cell(wording.count(only if keeps else None), sort=only or 0),
    ]


def _left(left: timedelta | None, keeps: float | None) -> Cell:
    if left is None:
        return cell("not known", tone="quiet", sort=0)
    seconds = left.total_seconds()
    if seconds <= 0:
        return cell("some may be lost", mark="▲", tone="bad", sort=seconds)
    is_soon = left < SOON and seconds < (keeps or 0) / 2
    tone, mark = ("watch", "◷") if is_soon else ("good", "✓")
    return cell(wording.duration(seconds), mark=mark, tone=tone, sort=seconds, title=wording.exact_duration(seconds))


def differences(found: Sequence[Difference]) -> Table:
    """Runs that one side has otherwise, and what that means."""
    columns = [
        column("workflow", "Workflow id") | {"isHead": True},
        column("kind", "Is"),
        column("means", "Which means", "long"),
        column("mends", "Mends itself", help="The next rounds read it again"),
        column("run", "Run id", is_minor=True),
    ]
    rows = [
        [
            cell(each.workflow_id),
            cell(each.kind, tone="watch" if each.is_read_again else "quiet"),
            cell(each.explanation),
            cell("by the next reading" if each.is_read_again else "nothing to mend"),
            cell(each.run_id),
        ]
        for each in found[:MOST_ROWS]
    ]
    more = f"The first {MOST_ROWS} of {wording.count(len(found))}." if len(found) > MOST_ROWS else ""
    return _table("Runs that differ", columns, rows, more)


def uneven(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Items that do not add up."""
    columns = [
        column("item", "Workflow id") | {"isHead": True},
        column("stream", "Stream"),
        column("fault", "What does not add up", "long"),
        column("run", "Run id", is_minor=True),
    ]
    found = [
        [cell(row["workflow_id"]), cell(row["stream"]), cell(row["fault"], tone="bad"), cell(row["run_id"])]
        for row in rows
    ]
    return _table("Items that do not add up", columns, found)


def dictionary(view: View) -> Table:
    """Every column of a documented table."""
    columns = [column("column", "Column") | {"isHead": True}, column("says", "What it is", "long")]
    return _table(f"Columns of {view.name}", columns, [[cell(name), cell(says)] for name, says in view.columns])


def failures(rows: Sequence[Row]) -> str:
    """The rounds of the last hour in one sentence."""
    hour = wording.duration(SPAN.total_seconds())
    made, failed = (sum(row[name] for row in rows) for name in ("rounds", "failed"))
    if not made:
        return f"No round ended in the last {hour}."
    told = f"{wording.count(failed)} of {wording.plural(made, 'round')} in the last {hour} failed"
    return f"{told}." if failed else f"All {wording.plural(made, 'round')} of the last {hour} went well."


def compared(found: Reconciliation) -> str:
    """What a comparison of runs came to, in a sentence or two."""
    if found.error is not None:
        return f"Not compared: {found.error}"
    here, there = (sum(getattr(each, side) for each in found.closed) for side in ("here", "there"))
    words = (
        f"Open: {wording.count(found.open_here)} here, {wording.count(found.open_there)} there. "
        f"Closed since {found.from_at:%Y-%m-%d %H:%M} UTC: {wording.count(here)} here, {wording.count(there)} there."
    )
    if not found.differences:
        return f"✓ Both sides have the same runs. {words}"
    n = wording.plural(len(found.differences), "run differs", "runs differ")
    return f"{'✓' if found.is_equal else '≠'} {n}{', and each explains itself' if found.is_equal else ''}. {words}"


def unsound(number: int) -> str:
    """How many items do not add up; no more than MOST_ROWS are looked for."""
    if number >= MOST_ROWS:
        return f"{MOST_ROWS} items or more do not add up."
    return f"{wording.plural(number, 'item')} {'does' if number == 1 else 'do'} not add up."
