"""`streamgauge schema`: the JSON Schemas by which editors complete and check both of our files."""

import json
from pathlib import Path

from app.config import FILE_NAME, Config
from app.errors import ConfigError
from value_stream.schema import json_schema

CONFIG_FILE, STREAM_FILE = "streamgauge.schema.json", "stream.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def config_schema() -> dict[str, object]:
    """JSON Schema (2020-12) of streamgauge.toml. It cannot say what must hold between parts; loading does."""
    return {"$schema": DIALECT, **Config.model_json_schema(), "title": "Streamgauge"}


def run_schema(folder: Path, *, force: bool) -> None:
    """Write both schemas into `folder` and print the line that makes a file use each.

    Written again, they are brought up to date. Raises ConfigError where the folder is missing, cannot be written, or
    holds other content under these names, unless `force`.
    """
    if not folder.is_dir():
        raise ConfigError(f"No folder {folder}. Make it, or name another with --dir.")
    schemas = {folder / CONFIG_FILE: config_schema(), folder / STREAM_FILE: json_schema()}
    taken = [path for path, schema in schemas.items() if not force and not _is_ours(path, schema)]
    if taken:
        raise ConfigError(f"{taken[0]} is there already and is no schema of ours. Overwrite it with --force.")
    for path, schema in schemas.items():
        _write(path, json.dumps(schema, indent=2, ensure_ascii=False) + "\n")
    print(f"Wrote {CONFIG_FILE} and {STREAM_FILE} into {folder.absolute()}.")
    print(f"First line of {FILE_NAME} beside them:            #:schema ./{CONFIG_FILE}")
    print(f"First line of a stream file in a folder below:    #:schema ../{STREAM_FILE}")


def _is_ours(path: Path, schema: dict[str, object]) -> bool:
    """Whether nothing is lost by writing: there is no file, or an earlier version of the same schema."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and all(found.get(key) == schema[key] for key in ("$schema", "title"))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"Could not write {path}: {error.strerror}.") from error
