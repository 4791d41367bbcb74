"""The configuration that the demo writes for Streamgauge, and the environment of its parts."""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from app.demo_temporal import DevServer

CONFIG_NAME = "streamgauge.toml"
TEMPORAL_PROFILES = "temporal.toml"
WAREHOUSE_NAME = "streamgauge.duckdb"
DATABASE_FILE = "company-database.url"
DATABASE_VARIABLE = "CRM_DATABASE_URL"

CONFIG = """\
# Written by `streamgauge demo` at each start.
warehouse = {warehouse}
streams   = [{streams}]

[[temporal]]
name       = "main"
profile      = "default"
profile_file = "{profiles}"
namespaces = ["default"]
web_ui     = {web_ui}
# A server of its own on this machine, so more than a guest would ask.
requests_per_second   = 200
visibility_per_second = 5

[[databases]]
name    = "crm"
url_env = "{database_variable}"
tables  = [
  {{ name = "requests",  key = ["id"], cursor = "updated_at" }},
  {{ name = "customers", key = ["id"], cursor = "updated_at" }},
  {{ name = "users",     key = ["name"], cursor = "updated_at" }},
  {{ name = "claims",    key = ["id"], cursor = "updated_at" }},
  {{ name = "approvals", key = ["id"], cursor = "updated_at" }},
  {{ name = "ledger",    key = ["id"], cursor = "updated_at" }},
]

[actions]  # a company of its own on this machine: everything may be tried
allow = true
rules = [{{ roles = ["admin"] }}]
[users]
role = "admin"

[sync]
every_seconds = 1  # minutes stand for hours here, so what is new should show at once

[server]
port = {port}

[demo]
database_file = "{database_file}"
"""
PROFILES = """\
[profile.default]
address = {address}
namespace = "default"
"""


def write_config(folder: Path, temporal: DevServer, port: int) -> Path:
    """Write streamgauge.toml and Temporal's profiles into `folder`; returns the path of the first."""
    streams = Path(str(files("sample_data"))) / "streams" / "*.stream.toml"
    text = CONFIG.format(
        warehouse=_quoted(WAREHOUSE_NAME),
        streams=_quoted(str(streams)),
        web_ui=_quoted(temporal.web_ui),
        database_variable=DATABASE_VARIABLE,
        port=port,
        profiles=TEMPORAL_PROFILES,
        database_file=DATABASE_FILE,
    )
    (folder / CONFIG_NAME).write_text(text, encoding="utf-8")
    (folder / TEMPORAL_PROFILES).write_text(PROFILES.format(address=_quoted(temporal.address)), encoding="utf-8")
    return folder / CONFIG_NAME


def write_database_url(folder: Path, url: str) -> None:
    """Write where the company's database is, for the page Demo and `streamgauge trouble`; it holds a password."""
    path = folder / DATABASE_FILE
    path.touch(mode=0o600)
    path.write_text(url, encoding="utf-8")


def child_environment(ours: Mapping[str, str], temporal: DevServer, folder: Path, database_url: str) -> dict[str, str]:
    """Our environment with the demo's Temporal and database, and nothing left of another Temporal's."""
    clean = {name: value for name, value in ours.items() if not name.startswith(("TEMPORAL_", "STREAMLIT_"))}
    return clean | {
        "TEMPORAL_ADDRESS": temporal.address,
        "TEMPORAL_NAMESPACE": "default",
        "TEMPORAL_CONFIG_FILE": str(folder / TEMPORAL_PROFILES),
        DATABASE_VARIABLE: database_url,
        "PYTHONUNBUFFERED": "1",
    }


def _quoted(text: str) -> str:
    # JSON strings are TOML basic strings.
    return json.dumps(text)
