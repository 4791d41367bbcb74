"""`streamgauge import`: histories from files and folders."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from app.api_client import running_service
from app.config import find, load
from app.imports import ImportStep, import_files
from app.service import open_service
from app.signals import end_if_asked, treat_sigterm_as_ctrl_c


def run_import(config_option: Path | None, paths: Sequence[Path]) -> None:
    """Each broken file on stderr with its place and reason, the sum on stdout; exit code 1 when any was broken."""
    config = load(find(config_option))
    absolute = [path.absolute() for path in paths]
    treat_sigterm_as_ctrl_c()
    progress = Console(stderr=True)
    service = running_service(config.warehouse)
    if service is not None:
        faults = _report(progress, (ImportStep(**row) for row in service.import_(absolute)))
    else:
        opened = open_service(config)
        try:
            faults = _report(progress, import_files(opened, absolute))
        finally:
            opened.close()
    raise typer.Exit(1 if faults else 0)


def _report(progress: Console, steps: Iterable[ImportStep]) -> int:
    histories = events = added = faults = 0
    with progress.status("Importing") as status:
        for step in steps:
            end_if_asked()
            if step.problem is not None:
                faults += 1
                progress.print(f"[red]{escape(str(step.place))}[/]: {escape(step.problem)}", soft_wrap=True)
            histories, events, added = histories + step.histories, events + step.events, added + step.added
            status.update(f"Importing: {histories} histories, {events} events")
    print(f"{histories} histories with {events} events read, {added} events new, {faults} not readable")
    return faults
