"""Write the reference pages that say what the code says: commands, configuration, stream file, warehouse, metrics.

python docs/generate.py           writes docs/reference/*.md
python docs/generate.py --check   writes nothing; names the pages that are not in step and exits 1
"""

import collections.abc
import re
import sys
import types
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click
import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import metrics
from app.cli import cli
from app.config import Config
from value_stream import Stream
from warehouse import open_warehouse
from warehouse.migrations import SCHEMA

REFERENCE = Path(__file__).parent / "reference"
STALE = "Not in step with the code: {pages}. Run `make docs` and commit what it writes."
GENERATED = "<!-- Written by docs/generate.py from the code: change that, then run `make docs`. -->"

WORDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    timedelta: "duration",
    Any: "anything",
    types.NoneType: "nothing",
}
TABLES = """
SELECT table_name, column_name, data_type, is_nullable, comment
FROM duckdb_columns()
WHERE NOT internal
ORDER BY table_name, column_index
"""
TABLE_SAYS = re.compile(r"(?P<says>(?:^-- .*\n)+)CREATE (?:TABLE|VIEW) (?P<table>[a-z_]+)", re.MULTILINE)
PARTS = {
    "0001_source_tables.sql": "Source tables: what was read, as read",
    "0002_rule_tables.sql": "Rule tables: stream files as plain rows",
    "0003_derived_tables.sql": "Derived tables: a pure function of the two above",
}


# --- commands


def commands() -> str:
    """Every command with its help, usage and options."""
    root = typer.main.get_command(cli)
    pages = [_command(context) for context in _contexts(click.Context(root, info_name="streamgauge"))]
    return "\n\n".join(["# Commands", *pages])


def _contexts(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            if command and not command.hidden:
                yield from _contexts(click.Context(command, info_name=name, parent=context))


def _command(context: click.Context) -> str:
    usage = " ".join([context.command_path, *context.command.collect_usage_pieces(context)])
    help_text = re.sub(r"[\b\f]\n?", "", context.command.help or "").strip()
    rows = [_parameter(parameter) for parameter in context.command.params]
    parts = [f"## `{context.command_path}`", help_text, f"```\n{usage}\n```"]
    return "\n\n".join(parts + ([_table(("option", "meaning", "default"), rows)] if rows else []))


def _parameter(parameter: click.Parameter) -> tuple[str, str, str]:
    names = parameter.opts + parameter.secondary_opts
    is_argument = isinstance(parameter, click.Argument)
    shown = parameter.human_readable_name.upper() if is_argument else ", ".join(f"`{name}`" for name in names)
    default = parameter.default
    is_said = default not in (None, "", (), []) and not callable(default) and not parameter.required
    says = getattr(parameter, "help", None) or ""
    return shown, says, f"`{_plain(default)}`" if is_said else ("required" if parameter.required else "")


# --- models


def configuration() -> str:
    """Every key of streamgauge.toml."""
    return _models("# Configuration: `streamgauge.toml`", Config)


def stream_file() -> str:
    """Every key of a stream file."""
    return _models("# The stream file: `*.stream.toml`", Stream)


def _models(title: str, root: type[BaseModel]) -> str:
    sections, seen = [], set()
    waiting: list[tuple[str, type[BaseModel]]] = [("", root)]
    while waiting:
        place, model = waiting.pop(0)
        if model in seen:
            continue
        seen.add(model)
        sections.append(_model(place, model))
        waiting += [
            (f"{place}.{_key(name, field)}".lstrip("."), part)
            for name, field in model.model_fields.items()
            for part in _models_in(field.annotation)
        ]
    return "\n\n".join([title, *sections])


def _model(place: str, model: type[BaseModel]) -> str:
    heading = [f"## `{place}`"] if place else []
    says = " ".join((model.__doc__ or "").split())
    rows = [
        (f"`{_key(name, field)}`", _words(field.annotation), _default(field), field.description or "")
        for name, field in model.model_fields.items()
    ]
    return "\n\n".join([*heading, says, _table(("key", "is", "default", "meaning"), rows)])


def _key(name: str, field: FieldInfo) -> str:
    return field.alias or name


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _words(annotation: Any) -> str:
    """What a reader of a TOML file calls a type."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(parts[0])
    if origin is Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_words(part) for part in parts if part is not types.NoneType))
    if origin in (tuple, list, set, frozenset, collections.abc.Sequence):
        return f"list of {_words(parts[0])}"
    if origin in (dict, collections.abc.Mapping):
        return f"table of {_words(parts[1])}"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{member.value}`" for member in annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "table"
    return WORDS.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    return "" if value in (None, "", (), {}) or isinstance(value, BaseModel) else f"`{_plain(value)}`"


# --- warehouse


def dictionary() -> str:
    """Every table and column of the warehouse, by the migration that made it."""
    columns = _columns()
    sections = ["# The warehouse: every table and column"]
    for path in sorted(SCHEMA.glob("*.sql")):
        said = {found["table"]: found["says"] for found in TABLE_SAYS.finditer(path.read_text())}
        sections.append(f"## {PARTS.get(path.name, path.stem[5:].replace('_', ' ').capitalize())}")
        sections += [_warehouse_table(table, says, columns[table]) for table, says in said.items()]
    return "\n\n".join(sections)


def _columns() -> dict[str, list[tuple[str, str, str]]]:
    warehouse = open_warehouse(None)
    try:
        found = warehouse.cursor().execute(TABLES).fetchall()
    finally:
        warehouse.close()
    columns: dict[str, list[tuple[str, str, str]]] = {}
    for table, column, kind, is_nullable, comment in found:
        kind = kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ") + ("" if is_nullable else ", never NULL")
        columns.setdefault(table, []).append((f"`{column}`", kind, comment or ""))
    return columns


def _warehouse_table(table: str, says: str, rows: list[tuple[str, str, str]]) -> str:
    # A comment block may begin with words about the whole file, set off by a blank comment line before the table's own.
    text = " ".join(line.removeprefix("-- ") for line in says.splitlines())
    return "\n\n".join([f"### `{table}`", text, _table(("column", "type", "meaning"), rows)])


# --- metrics


def metric_pages() -> str:
    """Every metric: what it counts, its edge cases, its columns."""
    return "\n\n".join(["# Metrics", *(_metric(metric) for metric in metrics.ALL)])


def _metric(metric: metrics.Metric) -> str:
    facts = f"Unit: {metric.unit}. Grain: {metric.grain}."
    return "\n\n".join([f"## `{metric.name}`: {metric.title}", metric.doc.strip(), facts])


# --- pages


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands,
    "configuration.md": configuration,
    "stream-file.md": stream_file,
    "warehouse.md": dictionary,
    "metrics.md": metric_pages,
}


def _table(head: tuple[str, ...], rows: list[Any]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(_plain(part) for part in value)
    return str(value)


def main() -> int:
    """Write the pages, or with --check name those that are not in step. Returns the exit code."""
    texts = {REFERENCE / name: f"{GENERATED}\n\n{write()}\n" for name, write in PAGES.items()}
    stale = [path for path, text in texts.items() if not path.is_file() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        if stale:
            print(STALE.format(pages=", ".join(path.name for path in stale)), file=sys.stderr)
        return 1 if stale else 0
    REFERENCE.mkdir(exist_ok=True)
    for path in stale:
        path.write_text(texts[path])
        print(f"wrote {path.relative_to(REFERENCE.parents[1])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
