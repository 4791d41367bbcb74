"""Write the reference pages that say what the code says: commands, keys, tables, metrics, imports.

python docs/generate.py           writes docs/reference/*.md
python docs/generate.py --check   writes nothing; names the pages that are not in step and exits 1
"""

import re
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

import grimp
import typer

import metrics
from app.cli import cli
from app.config import Config
from value_stream import Stream
from warehouse import open_warehouse
from warehouse.migrations import SCHEMA
from warehouse.views import VIEWS, View

Schema = dict[str, Any]  # a JSON Schema

FOLDERS = ("pages", "app", "actions", "metrics", "connectors", "warehouse", "value_stream", "sample_data")
REFERENCE = Path(__file__).parent / "reference"
STALE = "Not in step with the code: {pages}. Run `make docs` and commit what it writes."
GENERATED = "<!-- Written by docs/generate.py from the code: change that, then run `make docs`. -->"

WORDS = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "table", "null": "nothing"}
KIND = re.compile(r"#/\$defs/(\w+)")
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
    return "\n\n".join(["# Commands", *_commands("streamgauge", typer.main.get_command(cli))])


def _commands(path: str, command: Any) -> list[str]:
    pages = [_command(path, command)]
    for name, part in getattr(command, "commands", {}).items():
        pages += _commands(f"{path} {name}", part)
    return pages


def _command(path: str, command: Any) -> str:
    arguments = [_name(parameter) for parameter in command.params if parameter.param_type_name == "argument"]
    usage = " ".join([path, *(["COMMAND"] if hasattr(command, "commands") else []), *arguments, "[OPTIONS]"])
    rows = [_parameter(parameter) for parameter in command.params]
    parts = [f"## `{path}`", (command.help or "").strip(), f"```\n{usage}\n```"]
    return "\n\n".join(parts + ([_table(("option", "default", "meaning"), rows)] if rows else []))


def _parameter(parameter: Any) -> tuple[str, str, str]:
    is_flag = getattr(parameter, "is_flag", False)
    default = "required" if parameter.required else "" if is_flag else _shown(parameter.default)
    return f"`{_name(parameter)}`", default, parameter.help or ""


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.name).upper()
    value = "" if parameter.is_flag else f" {parameter.metavar or _kind(parameter)}"
    return ", ".join([*parameter.opts, *parameter.secondary_opts]) + value


def _kind(parameter: Any) -> str:
    if isinstance(parameter.default, Enum):
        return "|".join(str(choice.value) for choice in type(parameter.default))
    is_number = isinstance(parameter.default, int | float) or parameter.min is not None
    return "NUMBER" if is_number else "TEXT"


# --- models


def configuration() -> str:
    """Every key of streamgauge.toml."""
    return _keys("# Configuration: `streamgauge.toml`", Config.model_json_schema())


def stream_file() -> str:
    """Every key of a stream file."""
    return _keys("# The stream file: `*.stream.toml`", Stream.model_json_schema())


def _keys(title: str, schema: Schema) -> str:
    """One section for each kind of table in a file, in the order in which a reader meets them."""
    kinds = schema.get("$defs", {})
    places: dict[str, list[str]] = {}
    waiting = _tables_in("", schema)
    while waiting:
        place, kind = waiting.pop(0)
        if kind not in places:
            waiting = _tables_in(f"{place}.", kinds[kind]) + waiting
        places.setdefault(kind, []).append(f"`{place}`")
    sections = [title, *_section(schema, None)]
    for kind, where in places.items():
        like = _contained(kinds[kind], [other for other in places if other != kind], kinds)
        first = like is not None and list(places).index(like) < list(places).index(kind)
        shared = (kinds[like], places[like][0]) if like and first else None
        sections += [f"## {', '.join(where)}", *_section(kinds[kind], shared)]
    return "\n\n".join(sections)


def _section(schema: Schema, shared: tuple[Schema, str] | None) -> list[str]:
    inherited = shared[0]["properties"] if shared else {}
    required = schema.get("required", [])
    rows = [
        (f"`{key}`", _words(field), "required" if key in required else _default(field), field.get("description", ""))
        for key, field in schema["properties"].items()
        if key not in inherited
    ]
    says = [schema.get("description", "")]
    if shared:
        says.append(f"Every key of {shared[1]}" + (", and:" if rows else "."))
    return says + ([_table(("key", "is", "default", "meaning"), rows)] if rows else [])


def _contained(schema: Schema, others: list[str], kinds: Schema) -> str | None:
    """The first kind of table with several keys, all of which `schema` has too: said once, referred to later."""
    fields = schema["properties"].items()
    alike = (other for other in others if len(kinds[other]["properties"]) > 4)
    return next((other for other in alike if kinds[other]["properties"].items() <= fields), None)


def _tables_in(prefix: str, schema: Schema) -> list[tuple[str, str]]:
    return [
        (f"{prefix}{key}", kind) for key, field in schema["properties"].items() for kind in KIND.findall(str(field))
    ]


def _words(field: Schema) -> str:
    """What a reader of a TOML file calls a type."""
    if "$ref" in field:
        return "table"
    if "const" in field:
        return _shown(field["const"])
    if "enum" in field:
        return " or ".join(_shown(value) for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_words(part) for part in field["anyOf"] if part.get("type") != "null"))
    if field.get("type") == "array":
        return f"list of {_words(field.get('items', {}))}".replace("list of table", "list of tables")
    if "examples" in field:
        return f"text, like {', '.join(_shown(example) for example in field['examples'])}"
    kind = field.get("type", "anything")
    return " or ".join(WORDS.get(name, name) for name in ([kind] if isinstance(kind, str) else kind))


def _default(field: Schema) -> str:
    return "" if isinstance(field.get("default"), dict) else _shown(field.get("default"))


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


def tables() -> str:
    """The documented tables, as they are explored, exported and put into a snapshot."""
    says = (
        "What `streamgauge export NAME -o FILE`, the page Explore & export and a snapshot hold. Instants are UTC. Rows "
        "come in the order of the columns that are named below each table."
    )
    return "\n\n".join(["# Tables for analysts", says, *(_view(view) for view in VIEWS)])


def _view(view: View) -> str:
    order = f"Ordered by {', '.join(f'`{name}`' for name in view.order)}."
    rows = [(f"`{name}`", meaning) for name, meaning in view.columns]
    return "\n\n".join([f"## `{view.name}`", view.says, _table(("column", "meaning"), rows), order])


# --- metrics


def metric_pages() -> str:
    """Every metric: what it counts, its edge cases, its columns."""
    return "\n\n".join(["# Metrics", *(_metric(metric) for metric in metrics.ALL)])


def _metric(metric: metrics.Metric) -> str:
    columns = ", ".join(f"`{column}`" for column in metric.columns)
    facts = f"Unit: {metric.unit}. Grain: {metric.grain}. Columns, in this order: {columns}."
    return "\n\n".join([f"## `{metric.name}`: {metric.title}", metric.doc.strip(), facts])


# --- imports


def imports() -> str:
    """Which folder imports which: a picture, from the imports as they are."""
    graph = grimp.build_graph(*FOLDERS, include_external_packages=False)
    used = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    arrows = sorted({(module.split(".")[0], other.split(".")[0]) for module in used for other in used[module]})
    lines = [f"    {importer} --> {imported}" for importer, imported in arrows if importer != imported]
    picture = "\n".join(["```mermaid", "graph TD", *(f"    {folder}" for folder in FOLDERS), *lines, "```"])
    says = "An arrow means: a file of this folder imports one of that. `make lint` fails if one points upward."
    return "\n\n".join(["# Imports", says, picture])


# --- pages


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands,
    "configuration.md": configuration,
    "stream-file.md": stream_file,
    "warehouse.md": dictionary,
    "tables.md": tables,
    "metrics.md": metric_pages,
    "imports.md": imports,
}


def _table(head: tuple[str, ...], rows: list[Any]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    # <name> would be taken for HTML; inside code it is not.
    plain = text if "`" in text else text.replace("<", "&lt;")
    return " ".join(plain.split()).replace("|", "\\|")


def _shown(value: Any) -> str:
    """A value as code; nothing for one that is not there."""
    if isinstance(value, Enum):
        value = value.value
    if value in (None, "", (), []) or callable(value):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    parts = value if isinstance(value, list | tuple) else [value]
    return ", ".join(f"`{part}`" for part in parts)


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
