"""The runs of an item as a table. Pure."""

from collections.abc import Callable, Sequence
from datetime import tzinfo

from app.ui import wording
from app.ui.health import Row
from app.ui.item.history import when
from app.ui.tables import Table, cell, column

TONES = {"failed": "bad", "timed_out": "bad", "terminated": "bad", "paused": "watch"}


def runs(rows: Sequence[Row], caption: str, link: Callable[[Row], str | None], zone: tzinfo) -> Table:
    """Oldest first: how each came to be, how it went. `link` gives the way to Temporal."""
    columns = [
        column("relation", "Run") | {"isHead": True},
        column("type", "Workflow"),
        column("status", "Status"),
        column("started", "Started"),
        column("took", "Took", "number"),
        column("id", "Run id"),
        column("from", "From run", is_minor=True),
    ]
    return {"caption": caption, "columns": columns, "rows": [_run(row, link(row), zone) for row in rows], "more": ""}


def _run(row: Row, href: str | None, zone: tzinfo) -> Table:
    took = (row["closed_at"] - row["started_at"]).total_seconds() if row["closed_at"] else None
    relation = f"{row['relation']}, attempt {row['attempt']}" if row["attempt"] > 1 else row["relation"]
    way = {"href": href} if href else {"tone": "quiet"}
    return {
        "cells": [
            cell(relation, title=row["workflow_id"]),
            cell(f"{row['workflow_type']} {row['workflow_id']}"),
            cell(row["status"].replace("_", " "), tone=TONES.get(row["status"], "")),
            cell(when(row["started_at"], zone), sort=row["started_at"].timestamp()),
            cell("still open" if took is None else wording.duration(took), sort=-1 if took is None else took),
            cell(row["run_id"], **way),
            cell(row["from_run_id"] or "", tone="quiet"),
        ]
    }
