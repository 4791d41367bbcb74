"""`streamgauge export`: a metric or a documented table as a file, with its manifest; or all tables as one."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import typer

import value_stream
from app.api_client import running_service
from app.config import Config, find, load, stream_files
from app.downloads import SNAPSHOT, save_snapshot
from app.errors import AskError
from app.export_text import wish_from
from app.exports import METRIC, TABLE, Wish, extracting
from app.extract_files import MEDIA_TYPES, WRITERS, manifest_path
from app.service import Service
from metrics import MetricError
from metrics import find as find_metric
from warehouse import WarehouseError
from warehouse.reading import open_to_read
from warehouse.views import NAMES


def run_export(config_option: Path | None, what: str, given: dict[str, list[str]], output: Path, force: bool) -> None:
    """Write the file; says on stderr what it holds. Raises AskError when it is there already."""
    if output.exists() and not force:
        raise AskError(f"{output} is there already. Name another file, or add --force.")
    if not output.absolute().parent.is_dir():
        raise AskError(f"No folder {output.absolute().parent} for {output.name}. Make it, or name another.")
    config = load(find(config_option))
    if what == SNAPSHOT:
        _snapshot(config, given, output)
        return
    format = output.suffix.removeprefix(".")
    if format not in MEDIA_TYPES:
        raise AskError(f"{output.name} ends in none of: {', '.join('.' + each for each in MEDIA_TYPES)}.")
    wish = wish_from(*_named(what), given)
    rows = _rows(config, wish, output, format)
    print(f"{rows:,} rows in {output}", file=sys.stderr)


def _named(what: str) -> tuple[str, str]:
    """A metric wins over a table of the same name; `table.decisions` names the table. Raises BadParameter."""
    kind, dot, name = what.partition(".")
    if dot and kind in (METRIC, TABLE):
        return kind, name
    try:
        return METRIC, find_metric(what).name
    except MetricError as error:
        if what in NAMES:
            return TABLE, what
        tables = f"Tables: {', '.join(NAMES)}; or {SNAPSHOT}."
        raise typer.BadParameter(f"{error} {tables}", param_hint="WHAT") from None


def _rows(config: Config, wish: Wish, output: Path, format: str) -> int:
    running = running_service(config.warehouse)
    beside = _beside(output)
    try:
        if running is not None:
            # The file names the instant that its rows speak of; the manifest must speak of the same.
            as_of, rows = running.export(wish, format, beside)
            if format == "csv":
                ask = wish.ask if wish.kind == TABLE else replace(wish.ask, as_of=as_of)
                running.export(replace(wish, ask=ask), "manifest", manifest_path(output))
        else:
            rows = _from_file(config, wish, beside, format)
            if format == "csv":
                manifest_path(beside).replace(manifest_path(output))
        beside.replace(output)
    finally:
        beside.unlink(missing_ok=True)
        manifest_path(beside).unlink(missing_ok=True)
        if running is not None:
            running.close()
    return rows


def _from_file(config: Config, wish: Wish, output: Path, format: str) -> int:
    streams = value_stream.load_all(stream_files(config))
    opened = open_to_read(config.warehouse)
    try:
        with extracting(opened, streams, wish, now=datetime.now(UTC)) as extract:
            WRITERS[format](extract, output, extract.manifest())
            return extract.rows
    finally:
        opened.close()


def _snapshot(config: Config, given: dict[str, list[str]], output: Path) -> None:
    if given:
        raise AskError(f"A {SNAPSHOT} holds all tables whole: leave --{next(iter(given))} out.")
    running, beside = running_service(config.warehouse), _beside(output)
    try:
        if running is not None:
            running.snapshot(beside)
        else:
            streams = value_stream.load_all(stream_files(config))
            opened = open_to_read(config.warehouse)
            try:
                save_snapshot(Service(config, opened, streams, datetime.now(UTC)), beside)
            finally:
                opened.close()
        beside.replace(output)
    except WarehouseError as error:
        raise AskError(str(error)) from error
    finally:
        beside.unlink(missing_ok=True)
        if running is not None:
            running.close()
    print(f"{len(NAMES)} tables in {output}", file=sys.stderr)


def _beside(output: Path) -> Path:
    """Where the file grows, so that nobody finds half a one under its name."""
    return output.with_name(f".{output.name}.part")
