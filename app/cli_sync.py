"""`streamgauge sync`: one round of each source, or round after round."""

import time
from collections.abc import Container
from datetime import datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from app.api_client import running_service
from app.config import Config, find, load, source_names
from app.errors import AskError
from app.rounds import Outcome, one_round
from app.service import Service, open_service
from app.signals import end_if_asked, run_until_asked, treat_sigterm_as_ctrl_c
from app.write_turn import WriteTurn
from value_stream.durations import parse_duration


def run_sync(config_option: Path | None, every: str | None) -> None:
    """Exit code 1 when a source could not be read; what the others gave is kept."""
    pause_seconds = None if every is None else _seconds(every)
    config = load(find(config_option))
    progress = Console(stderr=True)
    if not config.temporal and not config.databases:
        raise AskError("Nothing to sync: the config names no [[temporal]] and no [[databases]].")
    treat_sigterm_as_ctrl_c()
    if pause_seconds is None:
        raise typer.Exit(0 if _once(config, progress) else 1)
    try:
        while True:
            _once(config, progress)
            end_if_asked()
            time.sleep(pause_seconds)
    except KeyboardInterrupt:
        progress.print("Ended. Everything read so far is kept.")


def _once(config: Config, progress: Console) -> bool:
    """One round, by the running service or else by us; True when every source was read.

    The warehouse is closed again afterwards, so that between two rounds other commands get at it.
    """
    service = running_service(config.warehouse)
    if service is not None:
        rows = service.sync()
        for row in rows:
            _report(progress, row["source"], row["runs_changed"], row["events_added"], row["error"], _took(row))
        return not any(row["error"] for row in rows)
    return _by_us(config, progress)


def _by_us(config: Config, progress: Console) -> bool:
    from app.sources import reach_all  # Slow to import, and the service has them already.

    unreachable = run_until_asked(reach_all(config))
    for name, error in unreachable.items():
        _report(progress, name, 0, 0, error, 0.0)
    if len(unreachable) == len(source_names(config)):
        return False  # Nothing to write, so the warehouse is not even opened.
    opened = open_service(config)
    try:
        end_if_asked()
        outcomes = run_until_asked(_round(opened, unreachable))
    finally:
        opened.close()
    for done in outcomes:
        took = (done.ended_at - done.started_at).total_seconds()
        _report(progress, done.source, done.runs_changed, done.events_added, done.error, took)
    return not unreachable and not any(outcome.error for outcome in outcomes)


async def _round(opened: Service, unreachable: Container[str]) -> list[Outcome]:
    from app.sources import sources_of

    return await one_round(sources_of(opened, WriteTurn(), without=unreachable))


def _took(row: dict[str, str]) -> float:
    return (datetime.fromisoformat(row["ended_at"]) - datetime.fromisoformat(row["started_at"])).total_seconds()


def _report(progress: Console, source: str, changed: int, added: int, error: str | None, seconds: float) -> None:
    if error:
        progress.print(f"[red]{escape(source)}[/]: {escape(error)}", soft_wrap=True)
    else:
        progress.print(f"{escape(source)}: {changed} changed, {added} added, {seconds:.1f} s", soft_wrap=True)


def _seconds(every: str) -> float:
    try:
        return parse_duration(every) / 1e6
    except ValueError as error:
        raise typer.BadParameter(f"{every!r}: {error}.", param_hint="--every") from None
