"""`streamgauge forget ITEM`: erase who and what, keep when and how many."""

from datetime import UTC, datetime
from pathlib import Path

import warehouse
from app.config import find, load
from app.service import open_service
from app.sole_use import require_sole_use


def run_forget(config_option: Path | None, item: str) -> None:
    """Forget the item, then write the file anew; what was forgotten on stdout."""
    config = load(find(config_option))
    require_sole_use(config.warehouse, "`streamgauge forget`")
    opened = open_service(config)
    try:
        con = opened.warehouse.cursor()
        found = warehouse.forget(con, item, datetime.now(UTC))
        con.close()
    finally:
        opened.close()
    warehouse.rewrite(config.warehouse)
    print(
        f"Forgotten: {found.items} items, {found.runs} runs, {found.rows} database rows. "
        "Temporal, the databases, backups and exports still have theirs."
    )
