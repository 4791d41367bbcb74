"""`streamgauge show`: one metric's answer on stdout."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

import metrics
import value_stream
from app.answers import Answer, Ask, answer
from app.api_client import running_service
from app.config import Config, find, load, stream_files
from app.formats import encoded
from app.printing import printable
from metrics import MetricError
from warehouse.reading import open_to_read


def run_show(config_option: Path | None, ask: Ask, output: str) -> None:
    """Ask the running service, else the warehouse itself, and print."""
    try:
        metrics.find(ask.metric)
    except MetricError as error:
        raise typer.BadParameter(str(error), param_hint="METRIC") from None
    if output == "parquet" and sys.stdout.isatty():
        raise typer.BadParameter("Parquet is no text: send it to a file with `> FILE`.", param_hint="--format")
    found = ask_anyone(load(find(config_option)), ask)
    if found.note:
        print(_for_people(found.note), file=sys.stderr)
    if output == "table":
        print_table(found, Console())
        return
    sys.stdout.buffer.write(encoded(found, output))
    sys.stdout.buffer.flush()


def ask_anyone(config: Config, ask: Ask) -> Answer:
    """The same answer from the service that owns the warehouse, if it runs, or from the file.

    Raises WarehouseError when no service answers and the file is missing or held by another process.
    """
    service = running_service(config.warehouse)
    if service is not None:
        return service.ask(ask)
    streams = value_stream.load_all(stream_files(config))
    opened = open_to_read(config.warehouse)
    try:
        return answer(opened, streams, ask, now=datetime.now(UTC))
    finally:
        opened.close()


def print_table(found: Answer, console: Console) -> None:
    """For people: columns aligned, instants in UTC, what the figures mean below."""
    caption = f"As of {found.as_of:%Y-%m-%d %H:%M:%S} UTC. {found.definition}"
    table = Table(
        title=escape(found.title),
        caption=escape(caption),
        title_justify="left",
        caption_justify="left",
        box=SIMPLE_HEAD,
    )
    for field in found.table.schema:
        table.add_column(
            escape(field.name.replace("_", " ")), justify="right" if _is_number(field.type) else "left", overflow="fold"
        )
    for row in found.table.to_pylist():
        table.add_row(*(escape(_for_people(value)) for value in row.values()))
    if table.row_count and _narrowest(table, console) > console.width:
        _print_records(found, console, caption)
        return
    console.print(table)
    if found.table.num_rows == 0:
        console.print("No rows.")


def _narrowest(table: Table, console: Console) -> int:
    return Measurement.get(console, console.options.update(max_width=100_000), table).minimum


def _print_records(found: Answer, console: Console, caption: str) -> None:
    """A block a row: what a table of so many columns would fold beyond reading."""
    console.print(f"[bold]{escape(found.title)}[/]")
    width = max(len(name) for name in found.table.column_names)
    for row in found.table.to_pylist():
        console.print()
        for name, value in row.items():
            console.print(f"{escape(name.replace('_', ' ')):<{width}}  {escape(_for_people(value))}", soft_wrap=True)
    console.print(f"\n[dim]{escape(caption)}[/]")


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _for_people(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    return printable(str(value))
