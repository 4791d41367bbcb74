"""Open questions, the ledger and how each decision is made, as tables. Pure."""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

from app.ui import wording
from app.ui.bottlenecks.chart import Row
from app.ui.tables import MOST_ROWS, Cell, Table, cell, column
from value_stream import Stream

Link = Callable[[Row], str | None]


def open_questions(rows: Sequence[Row], stream: Stream, as_of: datetime, link: Link) -> Table:
    """What is asked and not answered: overdue first, then what is due next, then what has no deadline."""
    has_value = any(row["unit"] for row in rows)
    columns = [
        column("item", stream.item.name.capitalize()) | {"isHead": True},
        column("question", "Question"),
        column("due", "Deadline", help="Overdue by so much, or due in so much"),
        column("asked", "Asked", "number", "How long ago"),
        column("of", "Asked of", help="Who may decide about this value; else the lane of its stage"),
        column("next", "Next in escalation", is_minor=True),
        *([column("value", "Value", "number")] if has_value else []),
    ]
    found = sorted((row for row in rows if row["state"] == "open"), key=lambda row: (_due(row, as_of), row["asked_at"]))
    lines = [{"cells": _question(row, stream, as_of, link, has_value)} for row in found[:MOST_ROWS]]
    return {"caption": "Open questions, overdue first", "columns": columns, "rows": lines, "more": _more(found)}


def _question(row: Row, stream: Stream, as_of: datetime, link: Link, has_value: bool) -> list[Cell]:
    asked = (as_of - row["asked_at"]).total_seconds()
    decision = stream.decision(row["decision"])
    whom = row["required_roles"] or stream.stage(decision.stage).lane
    further = decision.escalate_to or wording.NOTHING
    return [
        _item(row, link),
        cell(row["title"] or row["decision"]),
        _deadline(row, as_of),
        cell(wording.duration(max(asked, 0.0)), sort=asked, title=f"{row['asked_at']:%Y-%m-%d %H:%M:%S} UTC"),
        cell(whom),
        cell(f"{further} (escalated)" if row["escalated"] else further, tone="watch" if row["escalated"] else ""),
        *([cell(wording.amount(row["value"], row["unit"]), sort=row["value"] or 0)] if has_value else []),
    ]


def _due(row: Row, as_of: datetime) -> float:
    """Seconds until the deadline, negative when it has passed; beyond all others without one."""
    return (row["deadline_at"] - as_of).total_seconds() if row["deadline_at"] else float("inf")


def _deadline(row: Row, as_of: datetime) -> Cell:
    seconds = _due(row, as_of)
    if seconds == float("inf"):
        return cell("none", tone="quiet", sort=1e15)
    title = f"{row['deadline_at']:%Y-%m-%d %H:%M:%S} UTC"
    if seconds < 0:
        words = f"{wording.duration(-seconds)} overdue"
        return cell(words, mark="▲", tone="bad", sort=seconds, title=title)
    return cell(f"in {wording.duration(seconds)}", sort=seconds, title=title)


def by_decision(rows: Sequence[Row]) -> Table:
    """How each decision is made: how surely known first, then how fast, how often late, turned over, out of bounds."""
    columns = [
        column("decision", "Decision") | {"isHead": True},
        column("coverage", "Coverage", "number", "Share of the decided whose actor is known"),
        column("decided", "Decided", "number"),
        column("open", "Open", "number"),
        column("overdue", "Overdue", "number", "Open and past their deadline"),
        column("p50", "p50", "number", "Half were answered by then; open questions count for as long as they are open"),
        column("p85", "p85", "number"),
        column("p95", "p95", "number"),
        column("n", "n", "number", "Answers behind the percentiles", is_minor=True),
        column("kept", "Kept", "number", "Share answered before the deadline"),
        column("reversed", "Reversed", "number", "Share decided otherwise later"),
        column("breaches", "Breaches", "number", "Without authority, or with too few people"),
    ]
    lines = [{"cells": _summary(row)} for row in rows]
    return {"caption": "How each decision is made", "columns": columns, "rows": lines, "more": ""}


def _summary(row: Row) -> list[Cell]:
    breaches = (row["authority_breaches"] or 0) + (row["four_eyes_breaches"] or 0)
    checked = f"{wording.count(row['authority_checked'] or 0)} could be checked for authority"
    return [
        cell(row["title"] or row["decision"]),
        _share(row["coverage_share"], row["decided"]),
        cell(wording.count(row["decided"]), sort=row["decided"] or 0),
        cell(wording.count(row["open"]), sort=row["open"] or 0),
        cell(wording.count(row["overdue"]), sort=row["overdue"] or 0, tone="bad" if row["overdue"] else ""),
        *(_percentile(row, f"p{percent}") for percent in (50, 85, 95)),
        cell(wording.count(row["answered"]), sort=row["answered"] or 0),
        _share(row["deadline_kept_share"], row["with_deadline"]),
        _share(row["reversal_share"], row["decided"]),
        cell(wording.count(breaches), sort=breaches, tone="bad" if breaches else "", title=checked),
    ]


def _percentile(row: Row, name: str) -> Cell:
    seconds = row[f"{name}_seconds"]
    if seconds is not None:
        return cell(wording.duration(seconds), sort=seconds, title=wording.exact_duration(seconds))
    if name in (row["not_reached"] or ""):
        return cell("not reached", tone="quiet", sort=1e15, title="The share still open is larger than that")
    words = "too few" if row["answered"] else wording.NOTHING
    return cell(words, tone="quiet", sort=-1, title=row["thin"] or "none was answered")


def _share(share: float | None, among: int | None) -> Cell:
    return cell(wording.share(share), sort=-1 if share is None else share, title=f"of {wording.count(among)}")


def ledger(rows: Sequence[Row], stream: Stream, link: Link, viewer: tzinfo) -> Table:
    """What was decided, by whom, by what evidence; the newest first."""
    columns = [
        column("item", stream.item.name.capitalize()) | {"isHead": True},
        column("question", "Question"),
        column("outcome", "Outcome"),
        column("actor", "By"),
        column("evidence", "Known by", help="Where the name was found, and how strong that is", is_minor=True),
        column("decided", "Decided"),
        column("took", "Took", "number"),
        column("flags", "Notes", "long"),
    ]
    decided = sorted(
        (row for row in rows if row["state"] == "decided"), key=lambda row: row["decided_at"], reverse=True
    )
    lines = [{"cells": _entry(row, link, viewer)} for row in decided[:MOST_ROWS]]
    return {"caption": "Decisions, the newest first", "columns": columns, "rows": lines, "more": _more(decided)}


def _entry(row: Row, link: Link, viewer: tzinfo) -> list[Cell]:
    told = notes(row)
    local = row["decided_at"].astimezone(viewer)
    return [
        _item(row, link),
        cell(row["title"] or row["decision"]),
        cell(row["outcome"] or wording.NOTHING),
        cell(row["actor"] or f"({row['actor_kind'] or 'not known'})", tone="" if row["actor"] else "quiet"),
        cell(row["strength"] or "not known", title=row["evidence"] or "", tone="" if row["strength"] else "quiet"),
        cell(
            f"{local:%d %b %H:%M}",
            sort=row["decided_at"].timestamp(),
            title=f"{row['decided_at']:%Y-%m-%d %H:%M:%S} UTC",
        ),
        cell(wording.duration(row["latency_seconds"]), sort=row["latency_seconds"] or 0),
        cell("; ".join(told), tone="bad" if any(each in told for each in BREACHES) else "quiet"),
    ]


NO_AUTHORITY, TOO_FEW = "without authority", "too few people"
BREACHES = (NO_AUTHORITY, TOO_FEW)


def notes(row: Row) -> list[str]:
    """What deserves to be known of one decision."""
    found = [NO_AUTHORITY] if row["authority_respected"] is False else []
    found += [TOO_FEW] if row["is_four_eyes_breach"] else []
    found += ["past its deadline"] if row["kept"] is False else []
    found += [f"reversed: {row['reversed_by']}"] if row["reversed_by"] else []
    found += ["escalated"] if row["escalated"] else []
    found += [wording.plural(row["conflicts"], "conflicting answer")] if row["conflicts"] else []
    found += [f"an answer off the list: {row['off_list']}"] if row["off_list"] else []
    found += ["answered before it was asked"] if row["is_early"] else []
    return found


def breaches(rows: Sequence[Row]) -> list[Row]:
    """Decisions that broke a rule, or were turned over."""
    return [
        row for row in rows if row["state"] == "decided" and (row["reversed_by"] or set(notes(row)) & set(BREACHES))
    ]


def _item(row: Row, link: Link) -> Cell:
    return cell(row["item"] or row["workflow_id"], href=link(row), title=row["workflow_id"])


def _more(rows: Sequence[Row]) -> str:
    return f"The first {MOST_ROWS} of {wording.count(len(rows))}." if len(rows) > MOST_ROWS else ""
