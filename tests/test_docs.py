"""The docs name what there is, and nothing that there is not."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import metrics
from app.cli import cli
from app.config import Config
from value_stream import Stream

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = "\n".join(page.read_text() for page in PAGES)
FOLDERS = ("actions", "app", "connectors", "metrics", "pages", "sample_data", "value_stream", "warehouse")
SOURCES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_reference_pages_are_in_step_with_the_code():
    answer = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True, cwd=ROOT
    )

    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("metric", metrics.ALL, ids=lambda metric: metric.name)
def test_a_metric_is_documented_with_its_definition_and_columns(metric):
    page = (ROOT / "docs/reference/metrics.md").read_text().split(f"## `{metric.name}`")[1].split("\n## ")[0]

    assert metric.definition and metric.unit and metric.grain
    assert metric.doc in page
    assert [column for column in metric.columns if f"`{column}`" not in page] == []


def test_every_command_has_help_and_is_documented():
    commands = dict(_commands())

    assert [path for path, command in commands.items() if not command.help] == []
    assert [path for path in commands if f"`{path}`" not in TEXT] == []


def test_every_option_has_help_and_is_documented():
    options = [(path, option) for path, command in _commands() for option in command.params]

    assert [f"{path} {option.name}" for path, option in options if not option.help] == []
    assert [f"{path} {option.name}" for path, option in options if _as_typed(option) not in TEXT] == []


@pytest.mark.parametrize("model", [Config, Stream])
def test_every_key_is_described_and_documented(model):
    schema = model.model_json_schema()
    tables = {model.__name__: schema, **schema["$defs"]}
    keys = {f"{table}.{key}": field for table, part in tables.items() for key, field in part["properties"].items()}

    assert [key for key, field in keys.items() if not field.get("description")] == []
    assert [key for key in keys if f"`{key.split('.')[1]}`" not in TEXT] == []


def test_every_environment_variable_is_documented():
    used = {name for path in SOURCES for name in re.findall(r"\bSTREAMGAUGE_[A-Z_]+", path.read_text())}

    assert sorted(name for name in used if name not in TEXT) == []


def test_commands_that_texts_speak_of_exist():
    texts = [TEXT, *(path.read_text() for path in SOURCES)]
    named = {name for text in texts for name in re.findall(r"(?:`|/bin/|\$ )streamgauge ([a-z]+)", text)}

    assert sorted(named - {path.split()[-1] for path, _ in _commands()}) == []


def test_make_targets_that_texts_speak_of_exist():
    assert sorted(set(re.findall(r"(?:`|^)make ([a-z0-9-]+)", TEXT, re.MULTILINE)) - TARGETS) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


def _as_typed(option: Any) -> str:
    return f"`{option.name.upper()}`" if option.param_type_name == "argument" else f"`{option.opts[0]}"


def _commands() -> Iterator[tuple[str, Any]]:
    waiting = [("streamgauge", typer.main.get_command(cli))]
    while waiting:
        path, command = waiting.pop()
        yield path, command
        waiting += [(f"{path} {name}", part) for name, part in getattr(command, "commands", {}).items()]


def test_every_situation_names_a_test_that_exists():
    page = (ROOT / "docs/what-happens-when.md").read_text()
    named = re.findall(r"`(test_[a-z0-9_]+)` \|$", page, re.MULTILINE)
    written = set(re.findall(r"def (test_\w+)\(", "".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))))

    assert len(named) == len(re.findall(r"^\|(?! situation|---)", page, re.MULTILINE)) >= 30
    assert [name for name in named if name not in written] == []
