"""The text of a first streamgauge.toml, from what the sources said. Names in it come from outside: always quoted."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from app.printing import printable
from connectors.database.discovery import FoundTable
from connectors.errors import ConnectorError
from connectors.temporal.discovery import FoundCluster

HEADING = """\
# Written by `streamgauge init`. Every key: docs/reference/configuration.md. Paths are relative to this file.
# No secret is kept here: Temporal's are in its own profile or environment, a database's URL in the variable named.

warehouse = "streamgauge.duckdb"
streams   = ["streams/*.stream.toml"]  # draw at least one: docs/your-own-temporal.md
"""
TEMPORAL = """
[[temporal]]
name       = "main"      # a source is called main/<namespace>
profile    = {profile}
namespaces = [
{namespaces}]
requests_per_second   = 50  # at most, per namespace
visibility_per_second = 2   # at most, for list and count requests
"""
DATABASE = """
[[databases]]
name    = {name}
url_env = {variable}  # the environment variable that holds the URL, password included
# Whole rows are kept: name the only `columns` to keep where some are nobody's business. Without a `cursor` the whole
# table is read again and compared, the less often the larger it is.
tables  = [
{tables}]
"""


@dataclass(frozen=True)
class FoundDatabase:
    """One database: its tables, or why it could not be reached."""

    name: str
    variable: str
    tables: tuple[FoundTable, ...] | ConnectorError


@dataclass(frozen=True)
class FoundSources:
    """All that was asked: Temporal through one of its profiles, and the databases."""

    profile: str
    temporal: FoundCluster | ConnectorError
    databases: tuple[FoundDatabase, ...]

    @property
    def is_any_reached(self) -> bool:
        """Whether anything answered."""
        answers = [self.temporal, *(database.tables for database in self.databases)]
        return not all(isinstance(answer, ConnectorError) for answer in answers)

    def lines(self) -> Iterator[tuple[bool, str]]:
        """What to tell people, line by line, and whether it is of something to be read."""
        if isinstance(self.temporal, ConnectorError):
            yield False, str(self.temporal)
        else:
            if self.temporal.problem:
                yield False, self.temporal.problem
            for namespace in self.temporal.namespaces:
                told = namespace.problem or f"namespace {namespace.name}: {namespace.open_runs} open runs"
                yield namespace.problem is None, told
        for database in self.databases:
            yield from _database_lines(database)


def config_text(found: FoundSources) -> str:
    """A configuration that loads and reads all that was reached; what was not is a comment that says why."""
    return HEADING + _temporal(found) + "".join(map(_database, found.databases))


def _database_lines(database: FoundDatabase) -> Iterator[tuple[bool, str]]:
    if isinstance(database.tables, ConnectorError):
        yield False, str(database.tables)
        return
    if not database.tables:
        yield False, f"database {database.name}: it has no tables in the schema that this login uses"
    for found in database.tables:
        if found.table is None:
            yield False, f"table {database.name}.{found.name}: {found.problem}"
        else:
            key = ", ".join(found.table.key)
            yield True, f"table {database.name}.{found.name}: key {key}, {_cursor_told(found, found.table.cursor)}"


def _cursor_told(found: FoundTable, cursor: str | None) -> str:
    if cursor is not None:
        return f"cursor {cursor}"
    return f"no cursor: {found.slow_cursor} has no index" if found.slow_cursor else "no cursor"


def _temporal(found: FoundSources) -> str:
    if isinstance(found.temporal, ConnectorError):
        entry = TEMPORAL.format(profile=_quoted(found.profile), namespaces='    "default",\n')
        return f"\n# Left out: {printable(str(found.temporal))}\n{_commented(entry.lstrip())}"
    lines, is_any = "", False
    for namespace in found.temporal.namespaces:
        if namespace.problem is None:
            is_any = True
            lines += f"    {_quoted(namespace.name)},  # {namespace.open_runs} open runs\n"
        else:
            lines += f"    # {_quoted(namespace.name)},  # {printable(namespace.problem)}\n"
    entry = TEMPORAL.format(profile=_quoted(found.profile), namespaces=lines)
    return entry if is_any else f"\n{_commented(entry.lstrip())}"


def _database(database: FoundDatabase) -> str:
    names = {"name": _quoted(database.name), "variable": _quoted(database.variable)}
    if isinstance(database.tables, ConnectorError):
        entry = DATABASE.format(**names, tables='    { name = "...", key = ["id"], cursor = "updated_at" },\n')
        return f"\n# Left out: {printable(str(database.tables))}\n{_commented(entry.lstrip())}"
    entry = DATABASE.format(**names, tables="".join(map(_table, database.tables)))
    return entry if any(found.table for found in database.tables) else f"\n{_commented(entry.lstrip())}"


def _table(found: FoundTable) -> str:
    if found.table is None:
        return f"    # {_quoted(found.name)}: {printable(found.problem or '')}\n"
    key = ", ".join(map(_quoted, found.table.key))
    cursor = f", cursor = {_quoted(found.table.cursor)}" if found.table.cursor else ""
    why = f"  # cursor = {_quoted(found.slow_cursor)}, once it has an index" if found.slow_cursor else ""
    return f"    {{ name = {_quoted(found.table.name)}, key = [{key}]{cursor} }},{why}\n"


def _commented(entry: str) -> str:
    return "".join(f"# {line}\n" for line in entry.splitlines())


def _quoted(text: str) -> str:
    # A string of JSON is one of TOML, but for DEL, which TOML wants escaped, too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
