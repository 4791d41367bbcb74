"""`streamgauge nudge`: the plan, and with --yes the act; `--continue` goes on with what an interruption left."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

import value_stream
from actions.plan import Plan
from actions.send import Sent
from app.api_client import running_service
from app.api_nudge_client import continue_nudge, plan_nudge, send_nudge
from app.config import Config, find, load, stream_files
from app.errors import AskError
from app.nudge_ask import NudgeAsk
from app.nudge_targets import run_words
from app.nudging import Nudging
from app.printing import printable
from warehouse.reading import open_to_read

MARKS = {"accepted": "[green]accepted[/]", "refused": "[red]refused[/]", "failed": "[red]failed[/]"}


def run_nudge(config_option: Path | None, ask: NudgeAsk, reason: str, *, yes: bool) -> None:
    """Print the plan; with `yes` send it and print how each line went. Exit code 1 when one was refused or failed."""
    config = load(find(config_option))
    console, progress = Console(), Console(stderr=True)
    if yes and not reason.strip():
        raise AskError("Say why: add --reason.")
    service = running_service(config.warehouse)
    nudging = None if service is not None else Nudging(config, value_stream.load_all(stream_files(config)))
    plan = plan_nudge(service, ask) if service is not None else _planned(config, nudging, ask)
    _print_plan(console, plan)
    count = len(plan.eligible)
    if not count:
        raise typer.Exit(1)
    if not yes:
        progress.print(f"{count} would be nudged. Add --yes to send.")
        return
    results = send_nudge(service, plan, reason) if service is not None else _sent(config, nudging, plan, reason)
    _finish(console, progress, plan, results)


def run_continue(config_option: Path | None, plan_id: str, reason: str) -> None:
    """Send what is left of a plan in the journal. Exit code 1 when a line was refused or failed."""
    config = load(find(config_option))
    service = running_service(config.warehouse)
    if service is not None:
        plan, results = continue_nudge(service, plan_id, reason)
    else:
        nudging = Nudging(config, value_stream.load_all(stream_files(config)))
        sending = nudging.go_on(config.users.on_command_line(), plan_id, reason)
        plan, results = sending.plan, sending.follow()
    _finish(Console(), Console(stderr=True), plan, results)


def _planned(config: Config, nudging: Nudging | None, ask: NudgeAsk) -> Plan:
    assert nudging is not None
    streams = value_stream.load_all(stream_files(config))
    stream = ask.stream_in(streams)
    order = ask.order(stream)
    opened = open_to_read(config.warehouse)
    try:
        with opened.reading() as con:
            targets = ask.targets(con, stream, datetime.now(UTC))
    finally:
        opened.close()
    return nudging.plan(config.users.on_command_line(), stream, order, targets)


def _sent(config: Config, nudging: Nudging | None, plan: Plan, reason: str) -> Iterator[Sent]:
    assert nudging is not None
    return nudging.send(config.users.on_command_line(), plan.plan, plan.hash, reason).follow()


def _print_plan(console: Console, plan: Plan) -> None:
    console.print(f"[bold]{escape(plan.title)}[/] in {escape(plan.stream)}, plan {plan.plan}", soft_wrap=True)
    for line in plan.lines:
        words = " ".join(line.does) if line.why_not is None else f"left out: {line.why_not}"
        style = "" if line.why_not is None else "[dim]"
        told = f"{printable(run_words(line.target))}  {printable(line.target.stage or '')}  {printable(words)}"
        console.print(f"{style}{escape(told)}", soft_wrap=True)


def _finish(console: Console, progress: Console, plan: Plan, results: Iterator[Sent]) -> None:
    items = {line.number: line.target.item for line in plan.lines}
    counts: dict[str, int] = {}
    for sent in results:
        counts[sent.outcome] = counts.get(sent.outcome, 0) + 1
        name = "" if sent.line is None else printable(items[sent.line])
        mark = MARKS.get(sent.outcome, sent.outcome)
        console.print(f"{escape(name)}  {mark}  {escape(printable(sent.words))}", soft_wrap=True)
    progress.print(_summary(counts))
    raise typer.Exit(1 if counts.keys() & {"refused", "failed", "stopped"} else 0)


def _summary(counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "Nothing was left to do."
