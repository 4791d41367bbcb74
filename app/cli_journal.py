"""`streamgauge journal`: what was done, plan by plan, and what an interruption left."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from actions.journal import journal_path
from actions.recent import Recent, is_settled
from app.config import find, load
from app.printing import printable
from connectors.journal import JournalPart, read_journal
from warehouse.nudge_record import NudgeRecord


def run_journal(config_option: Path | None, plan: str | None, limit: int, *, as_json: bool) -> None:
    """The newest plans with how their lines went; with `plan` every line of that one."""
    config = load(find(config_option))
    part = read_journal(journal_path(config.warehouse))
    if as_json:
        chosen = [record for record in part.records if plan in (None, record.plan)]
        sys.stdout.writelines(record.to_json() + "\n" for record in chosen)
        return
    console = Console()
    recent = Recent(part.records)
    if plan is not None:
        _print_plan(console, recent, plan)
    else:
        _print_all(console, recent, limit)
    _print_faults(Console(stderr=True), part)


def faults_of(part: JournalPart) -> list[str]:
    """What in the journal cannot be read."""
    torn = (
        ["The last line of the journal is cut off: it was being written, or a crash ended it."] if part.is_torn else []
    )
    return [*part.faults, *torn]


def _print_all(console: Console, recent: Recent, limit: int) -> None:
    plans = list(dict.fromkeys(record.plan for record in recent.records if record.plan is not None))
    for plan in plans[-limit:]:
        console.print(escape(headline(recent.of_plan(plan))), soft_wrap=True)
    if not plans:
        console.print("Nothing was done yet.")


def _print_plan(console: Console, recent: Recent, plan: str) -> None:
    records = recent.of_plan(plan)
    if not records:
        console.print(f"No plan {escape(plan)} in the journal.")
        return
    console.print(escape(headline(records)), soft_wrap=True)
    for number, record in sorted(recent.lines_of(plan).items()):
        state = record.state if is_settled(record) else f"left ({record.state})"
        told = f"{number}  {printable(record.item or '')}  {state}  {printable(record.answer or '')}"
        console.print(escape(told), soft_wrap=True)


def headline(records: Sequence[NudgeRecord]) -> str:
    """One plan in one line: when, who, what, why, and how its lines went."""
    first = records[0]
    ends = {record.line: record for record in records if record.line is not None}
    counts: dict[str, int] = {}
    for record in ends.values():
        state = record.state if is_settled(record) else "left"
        counts[state] = counts.get(state, 0) + 1
    told = ", ".join(f"{count} {state}" for state, count in counts.items()) or records[-1].state
    what = first.nudge or " ".join([first.verb, json.loads(first.particulars).get("name", "")]).strip()
    at = f"{first.recorded_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    return printable(f"{at}  {first.plan}  {first.actor}  {what} in {first.stream}: {told}  ({first.reason})")


def _print_faults(progress: Console, part: JournalPart) -> None:
    for fault in faults_of(part):
        progress.print(f"[yellow]{escape(fault)}[/]", soft_wrap=True)
