"""`streamgauge check`: config, stream files, sources and warehouse, each with one line; changes nothing."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

import value_stream
from app.api_client import running_service
from app.config import Config, find, load, stream_files
from app.errors import user_errors
from app.service import soundness
from connectors.database.config import DatabaseConfig
from connectors.errors import ConnectorError
from connectors.temporal.config import TemporalConfig
from warehouse import open_warehouse, uneven_items
from warehouse.comparison import differing_rows
from warehouse.reading import open_to_read


def run_check(config_option: Path | None) -> None:
    """Print a line per thing checked; exit code 1 when one of them is not sound."""
    console = Console()
    path = find(config_option)
    config = load(path)
    console.print(f"[green]ok[/]    config {escape(str(path))}", soft_wrap=True)
    checks: list[tuple[str, Callable[[], str]]] = [("streams", lambda: _streams(config))]
    checks += [(f"source {name}", check) for name, check in _source_checks(config)]
    checks.append(("warehouse", lambda: _warehouse(config)))
    sound = [_passes(console, what, check) for what, check in checks]
    raise typer.Exit(0 if all(sound) else 1)


def _passes(console: Console, what: str, check: Callable[[], str]) -> bool:
    try:
        told = check()
    except user_errors() as error:
        console.print(f"[red]fault[/] {escape(what)}: {escape(str(error))}", soft_wrap=True)
        return False
    console.print(f"[green]ok[/]    {escape(what)}: {escape(told)}", soft_wrap=True)
    return True


def _streams(config: Config) -> str:
    files = stream_files(config)
    names = [stream.stream for stream in value_stream.load_all(files)]
    return ", ".join(names) or f"no stream file matches {', '.join(config.streams)}"


def _source_checks(config: Config) -> list[tuple[str, Callable[[], str]]]:
    found: list[tuple[str, Callable[[], str]]] = []
    for cluster in config.temporal:
        for namespace in cluster.namespaces:
            found.append((cluster.source(namespace), partial(_temporal, config.warehouse, cluster, namespace)))
    for database in config.databases:
        found.append((database.name, partial(_database, database)))
    return found


def _temporal(path: Path, cluster: TemporalConfig, namespace: str) -> str:
    from app.source_comparison import compared

    return asyncio.run(compared(path, cluster, namespace))


def _database(config: DatabaseConfig) -> str:
    from connectors.database.check import check

    if faults := check(config):
        raise ConnectorError("\n".join(faults), retryable=False)
    return f"{len(config.tables)} tables can be read"


def _warehouse(config: Config) -> str:
    if not config.warehouse.exists():
        return f"{config.warehouse} is not there yet; `streamgauge sync` makes it"
    service = running_service(config.warehouse)
    if service is not None:
        return f"held by the service (pid {service.notice.pid}), which checks it: {service.check()}"
    with tempfile.TemporaryDirectory(prefix="streamgauge-check-") as folder:
        return _soundness_of_copy(config.warehouse, Path(folder))


def _soundness_of_copy(path: Path, folder: Path) -> str:
    """Rebuild a copy and compare: even a transaction that is rolled back leaves its traces in the file."""
    held = open_to_read(path)
    try:
        # Held read-only meanwhile, so that nobody writes between the file and its log.
        for part in (path, path.with_name(path.name + ".wal")):
            if part.exists():
                shutil.copyfile(part, folder / part.name)
    finally:
        held.close()
    copy = open_warehouse(folder / path.name)
    try:
        con = copy.cursor()
        return soundness(differing_rows(con), uneven_items(con))
    finally:
        copy.close()
