"""`streamgauge init`: ask Temporal and the databases what there is, and write a configuration to begin with."""

import asyncio
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from app.config import ENVIRONMENT, FILE_NAME
from app.config_text import FoundDatabase, FoundSources, config_text
from app.errors import AskError, ConfigError
from app.printing import printable
from connectors.database.discovery import FoundTable, find_tables
from connectors.errors import ConnectorError
from connectors.temporal.config import TemporalConfig
from connectors.temporal.discovery import FoundCluster, find_namespaces

SUFFIX = "_DATABASE_URL"


@dataclass(frozen=True)
class Init:
    """What was asked for: where to write, which databases (`NAME=ENV_VARIABLE`), whether to overwrite."""

    config: Path | None
    databases: Sequence[str]
    force: bool


def run_init(asked: Init, environment: Mapping[str, str] = os.environ) -> None:
    """Print what was found and write the file; exit code 1, and nothing written, when nothing could be reached.

    Raises ConfigError when there is a file already, or it cannot be written.
    """
    path, databases = _target(asked, environment), _databases(asked.databases, environment)
    console = Console()
    found = FoundSources(
        profile=environment.get("TEMPORAL_PROFILE") or "default",
        temporal=_temporal(environment),
        databases=tuple(FoundDatabase(name, env, _tables(name, env, environment)) for name, env in databases.items()),
    )
    _tell(console, found)
    if not found.is_any_reached:
        raise AskError(
            "Nothing could be reached, so nothing was written. Set TEMPORAL_ADDRESS or Temporal's profile, or the "
            "variable with the URL of a database, and run `streamgauge init` again."
        )
    try:
        path.write_text(config_text(found), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"Could not write {path}: {error.strerror}.") from error
    console.print(f"Wrote {escape(str(path))}. Draw a stream, then run `streamgauge check`.", soft_wrap=True)


def _target(asked: Init, environment: Mapping[str, str]) -> Path:
    path = (asked.config or Path(environment.get(ENVIRONMENT) or FILE_NAME)).absolute()
    if path.is_dir():
        path = path / FILE_NAME
    if not path.parent.is_dir():
        raise ConfigError(f"No folder {path.parent} for the config. Make it, or name another with --config.")
    if path.exists() and not asked.force:
        raise ConfigError(f"{path} is there already and was left alone. Overwrite it with --force.")
    return path


def _databases(asked: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Name of each database to its environment variable: those asked for, else all that are called so."""
    pairs = [_pair(text) for text in asked]
    if not asked:
        variables = sorted(name for name, value in environment.items() if name.endswith(SUFFIX) and value)
        pairs = [(variable.removesuffix(SUFFIX).lower(), variable) for variable in variables]
    counts = Counter(name for name, _ in pairs)
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        raise AskError(
            f"Two databases would be called {', '.join(twice)}. Name each with --database NAME=ENV_VARIABLE."
        )
    return {name: variable for name, variable in pairs if name}


def _pair(text: str) -> tuple[str, str]:
    name, equals, variable = text.partition("=")
    if not equals or not name or not variable or any(letter in "/." or letter.isspace() for letter in name):
        raise typer.BadParameter(
            f"{text!r} is not NAME=ENV_VARIABLE, the name without spaces, dots and slashes.", param_hint="--database"
        )
    if not variable.replace("_", "a").isalnum():
        # Most likely a URL, whose password must not be repeated, let alone written.
        raise typer.BadParameter(
            f"{name}= wants the name of an environment variable, not its value.", param_hint="--database"
        )
    return name, variable


def _temporal(environment: Mapping[str, str]) -> FoundCluster | ConnectorError:
    try:
        return asyncio.run(find_namespaces(TemporalConfig(profile=environment.get("TEMPORAL_PROFILE") or "default")))
    except ConnectorError as error:
        return error


def _tables(name: str, variable: str, environment: Mapping[str, str]) -> tuple[FoundTable, ...] | ConnectorError:
    try:
        return find_tables(name, variable, environment)
    except ConnectorError as error:
        return error


def _tell(console: Console, found: FoundSources) -> None:
    for reached, line in found.lines():
        mark = "[green]found[/]" if reached else "[yellow]left out[/]"
        console.print(f"{mark} {escape(printable(line))}", soft_wrap=True)
    if not found.databases:
        console.print(f"No database: no environment variable ends in {SUFFIX}; name one with --database NAME=VARIABLE.")
