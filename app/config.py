"""streamgauge.toml: where the warehouse is, which stream files are in force, which sources are read."""

import glob
import ipaddress
import os
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from actions.config import ActionsConfig
from app.errors import ConfigError
from app.users_config import UsersConfig
from connectors.database.config import DatabaseConfig
from connectors.temporal.config import TemporalConfig
from value_stream.faults import Fault, did_you_mean
from value_stream.lines import line_of

FILE_NAME = "streamgauge.toml"
ENVIRONMENT = "STREAMGAUGE_CONFIG"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerConfig(_Part):
    """`[server]`: where the pages and the HTTP API listen."""

    address: str = Field(default="127.0.0.1", description="Loopback address to listen on.")
    port: int = Field(default=8501, ge=0, le=65535, description="Port; 0 takes a free one.")
    hosts: tuple[str, ...] = Field(
        default=(), description="Further host names that browsers may use, as with a proxy in front."
    )

    @field_validator("address")
    @classmethod
    def _is_loopback(cls, address: str) -> str:
        # Whoever reaches the port is believed to be the proxy, or this machine's own people.
        if address != "localhost" and not _is_loopback_ip(address):
            raise PydanticCustomError(
                "loopback",
                "must be a loopback address (127.0.0.1, ::1, localhost): put a proxy that signs people in before it",
            )
        return address


class PagesConfig(_Part):
    """`[pages]`: what the pages keep."""

    views_url_env: str | None = Field(
        default=None,
        description="Environment variable that holds the address of a database for saved views, as SQLAlchemy writes "
        "it, when several servers share them; without it they lie in a file beside the warehouse.",
    )


class SyncConfig(_Part):
    """`[sync]`: how often each source is asked what is new."""

    every_seconds: float = Field(default=2.0, ge=0.2, le=86_400, description="Pause between two rounds of a source.")


class DemoConfig(_Part):
    """`[demo]`: written by `streamgauge demo`, never by hand: the page Demo turns the company's trouble on and off."""

    database_file: Path = Field(description="File that holds the URL of the demo company's database.")


class ClusterConfig(TemporalConfig):
    """One `[[temporal]]`: what the connector reads, and where people look."""

    web_ui: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s]+$",
        description="Address of Temporal's Web UI, for links to runs; without it there are none.",
    )


class Config(_Part):
    """One streamgauge.toml. Paths in it are relative to the file; `load` makes them absolute."""

    warehouse: Path = Field(default=Path("streamgauge.duckdb"), description="The DuckDB file.")
    streams: tuple[str, ...] = Field(
        default=("streams/*.stream.toml",), description="Stream files in force: paths, or patterns with * and **."
    )
    temporal: tuple[ClusterConfig, ...] = Field(default=(), description="Temporal clusters to read.")
    databases: tuple[DatabaseConfig, ...] = Field(default=(), description="Databases to read.")
    actions: ActionsConfig = Field(default=ActionsConfig(), description="What may be done to workflows.")
    users: UsersConfig = Field(default=UsersConfig(), description="Who people are, and which role each has.")
    server: ServerConfig = Field(default=ServerConfig(), description="Where the pages and the HTTP API listen.")
    pages: PagesConfig = Field(default=PagesConfig(), description="What the pages keep.")
    sync: SyncConfig = Field(default=SyncConfig(), description="How often sources are read.")
    demo: DemoConfig | None = Field(default=None, description="Only in the config that the demo writes.")

    @model_validator(mode="after")
    def _names_differ(self) -> "Config":
        counts = Counter(source_names(self))
        twice = sorted(name for name, count in counts.items() if count > 1)
        if twice:
            raise PydanticCustomError("twice", "two sources are called {names}", {"names": ", ".join(twice)})
        return self


def source_names(config: Config) -> list[str]:
    """Names of all sources: cluster/namespace for Temporal, the configured name for a database."""
    temporal = [f"{cluster.name}/{namespace}" for cluster in config.temporal for namespace in cluster.namespaces]
    return temporal + [database.name for database in config.databases]


def find(option: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The configuration file: `--config`, else $STREAMGAUGE_CONFIG, else ./streamgauge.toml.

    Raises ConfigError, naming the places looked in, when it is not there.
    """
    if option is not None:
        named, origin = option, "--config"
    elif environment.get(ENVIRONMENT):
        named, origin = Path(environment[ENVIRONMENT]), f"${ENVIRONMENT}"
    else:
        named, origin = Path(FILE_NAME), "the working directory"
    if named.is_dir():
        named = named / FILE_NAME
    if not named.is_file():
        raise ConfigError(f"No config at {named.absolute()} (from {origin}). Name one with --config or ${ENVIRONMENT}.")
    return named.absolute()


def load(path: Path) -> Config:
    """Read one configuration file; paths come back absolute.

    Raises ConfigError with every fault in the file, each with its place and, for an unknown key, the nearest known one.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Could not read {path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    try:
        config = Config.model_validate(content)
    except ValidationError as error:
        faults = _faults(path, text, error.errors(include_url=False))
        heading = f"{path}: {len(faults)} problem{'s' if len(faults) > 1 else ''}"
        raise ConfigError("\n".join([heading, *(f"  {fault}" for fault in faults)])) from error
    return _absolute(config, path.parent)


def stream_files(config: Config) -> tuple[Path, ...]:
    """Stream files that the patterns match, by name.

    Raises ConfigError when a pattern without wildcards names a file that is not there.
    """
    found: set[Path] = set()
    for pattern in config.streams:
        if not glob.has_magic(pattern) and not Path(pattern).is_file():
            raise ConfigError(f"No stream file at {pattern}, named by `streams` in the config.")
        found.update(Path(match) for match in glob.glob(pattern, recursive=True))
    return tuple(sorted(found))


def _absolute(config: Config, folder: Path) -> Config:
    patterns = tuple(
        pattern if os.path.isabs(pattern) else f"{glob.escape(str(folder))}/{pattern}" for pattern in config.streams
    )
    clusters = tuple(cluster.model_copy(update=_profile_file(cluster, folder)) for cluster in config.temporal)
    actions = config.actions.model_copy(update=_profile_file(config.actions, folder))
    demo = config.demo and config.demo.model_copy(update={"database_file": folder / config.demo.database_file})
    changed = {"warehouse": folder / config.warehouse, "streams": patterns, "temporal": clusters, "actions": actions}
    return config.model_copy(update={**changed, "demo": demo})


def _profile_file(part: TemporalConfig | ActionsConfig, folder: Path) -> dict[str, Path]:
    return {"profile_file": folder / part.profile_file} if part.profile_file else {}


def _is_loopback_ip(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _faults(path: Path, text: str, errors: list[ErrorDetails]) -> list[Fault]:
    """All faults, by line, without those that only echo a fault further in (a list whose only entry is faulty)."""
    places = [error["loc"] for error in errors]
    told = [
        error
        for error in errors
        if error["type"] != "too_short"
        or not any(place[: len(error["loc"])] == error["loc"] != place for place in places)
    ]
    return sorted((_fault(path, text, error) for error in told), key=lambda fault: fault.line or 0)


def _fault(path: Path, text: str, error: ErrorDetails) -> Fault:
    place, given = error["loc"], error["input"]
    problem, is_shown = error["msg"].removeprefix("Value error, "), isinstance(given, str | int | float)
    if error["type"] == "missing":
        problem, is_shown = "required, but not there", False
    elif error["type"] == "extra_forbidden":
        problem, is_shown = f"unknown key{did_you_mean(str(place[-1]), _known_keys(place[:-1]))}", False
    shown = repr(given)[:60] if is_shown else None
    return Fault(str(path), ".".join(map(str, place)), problem, shown, line_of(text, place))


def _known_keys(place: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = Config
    for step in place:
        if isinstance(step, str) and step in model.model_fields:
            model = _model_in(model.model_fields[step].annotation) or model
    return list(model.model_fields)


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for model in map(_model_in, get_args(annotation)) if model), None)
