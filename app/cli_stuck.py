"""`streamgauge stuck` and `streamgauge causes`: what does not move and why, to be read on a terminal at night."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from app.answers import Answer, Ask
from app.cli_show import ask_anyone, run_show
from app.config import find, load
from app.printing import printable
from app.ui import wording

Row = dict[str, Any]
STYLES = {"critical": "bold red", "stuck": "red", "watch": "yellow"}
MARKS = {"critical": "▲", "stuck": "▲", "watch": "◷"}
INDENT = "   "


def run_stuck(config_option: Path | None, ask: Ask, output: str) -> None:
    """Ask the running service, else the warehouse itself; a table for people is a block for each item or cause."""
    if output != "table":
        run_show(config_option, ask, output)
        return
    found = ask_anyone(load(find(config_option)), ask)
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    print_causes(found, console) if ask.metric == "causes" else print_stuck(found, console)


def print_causes(found: Answer, console: Console) -> None:
    """One block for each cause: how many and how much, what to mend, and how to see its items."""
    rows = found.table.to_pylist()
    _head(f"{_total(rows, 'critical', 'stuck')} stuck, {_total(rows, 'watch')} to watch", found, console)
    for row in rows:
        trend = wording.change(row["items"], row["items_before"])
        figures = [f"{row['items']} ({trend} in the hour before)", _value(row), f"first since {_at(row['since_at'])}"]
        _block(row, row["cause_title"], figures, console)
        _line(row["why"], console)
        _line(row["stages"], console, lead="In: ")
        _line(row["nudges"], console, lead="May help: ")
        _line(f"streamgauge stuck --cause {row['cause']}", console)
        if row["nudges"]:
            _line(f"streamgauge nudge {row['nudges'].split(', ')[0]} --where cause={row['cause']}", console)
    _nothing(rows, console)


def print_stuck(found: Answer, console: Console) -> None:
    """One block for each item: the rule to mend first, then what else holds."""
    rows = found.table.to_pylist()
    roots = [row for row in rows if row["rank"] == 1]
    count = {severity: sum(row["severity"] == severity for row in roots) for severity in STYLES}
    _head(f"{count['critical'] + count['stuck']} stuck, {count['watch']} to watch", found, console)
    for number, row in enumerate(rows):
        if row["rank"] != 1 and number and rows[number - 1]["workflow_id"] == row["workflow_id"]:
            _line(f"{row['rule']}, {row['why']}", console, lead="Also: ")
            continue
        since, progress = row["since_seconds"], row["progress_seconds"]
        figures = [row["title"] or row["stage"], f"for {wording.duration(since)}", _value(row)]
        figures.append(f"last moved {wording.duration(progress)} ago" if progress is not None else "")
        _block(row, f"{row['item'] or row['workflow_id']}: {row['rule']}", figures, console)
        _line(row["why"], console)
        if row["root_run_id"] != row["run_id"]:
            _line(f"{row['root_workflow_id']} {row['root_run_id']}", console, lead="Stands in: ")
        _line(row["nudges"], console, lead="May help: ")
    _nothing(rows, console)


def _head(counts: str, found: Answer, console: Console) -> None:
    console.print(f"[bold]{counts}[/] as of {found.as_of:%Y-%m-%d %H:%M:%S} UTC")


def _block(row: Row, title: str, figures: Iterable[str], console: Console) -> None:
    style = STYLES[row["severity"]]
    console.print(f"\n[{style}]{MARKS[row['severity']]} {row['severity']}[/]  [bold]{escape(printable(title))}[/]")
    _line(" · ".join(figure for figure in figures if figure), console)


def _line(text: str | None, console: Console, lead: str = "") -> None:
    if text:
        console.print(
            f"{INDENT}[dim]{lead}[/]{escape(printable(text))}" if lead else f"{INDENT}{escape(printable(text))}"
        )


def _nothing(rows: list[Row], console: Console) -> None:
    if not rows:
        console.print("Nothing is stuck.")


def _value(row: Row) -> str:
    return "" if row["value"] is None else wording.amount(row["value"], row["unit"])


def _at(instant: Any) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


def _total(rows: list[Row], *severities: str) -> int:
    return sum(row["items"] for row in rows if row["severity"] in severities)
