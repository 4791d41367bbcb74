"""`streamgauge sync --again`: read again what Temporal still has."""

from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from app.again import Again, again
from app.config import find, load
from app.errors import AskError
from app.service import Service, open_service
from app.signals import end_if_asked, run_until_asked, treat_sigterm_as_ctrl_c
from app.sole_use import require_sole_use


def run_again(config_option: Path | None) -> None:
    """A line per source on stderr; exit code 1 when one of them could not be read."""
    config = load(find(config_option))
    if not config.temporal:
        raise AskError("Nothing to read again: the config names no [[temporal]].")
    require_sole_use(config.warehouse, "`streamgauge sync --again`")
    treat_sigterm_as_ctrl_c()
    opened = open_service(config)
    try:
        end_if_asked()
        is_sound = run_until_asked(_all(opened, Console(stderr=True)))
    finally:
        opened.close()
    raise typer.Exit(0 if is_sound else 1)


async def _all(opened: Service, progress: Console) -> bool:
    is_sound = True
    async for done in again(opened):
        is_sound = _told(progress, done) and is_sound
    return is_sound


def _told(progress: Console, done: Again) -> bool:
    if done.error:
        progress.print(f"[red]{escape(done.source)}[/]: {escape(done.error)}", soft_wrap=True)
    progress.print(
        f"{escape(done.source)}: {done.runs} runs read again, {done.gone} not there any more, "
        f"{done.repaired} were not as there",
        soft_wrap=True,
    )
    return done.error is None
