"""The docs name what there is, and nothing that there is not."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer
from pydantic import BaseModel

import metrics
from app.cli import cli
from app.config import Config
from value_stream import Stream

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = "\n".join(page.read_text() for page in PAGES)
FOLDERS = ("app", "connectors", "metrics", "pages", "sample_data", "value_stream", "warehouse")
SOURCES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_reference_pages_are_in_step_with_the_code():
    answer = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True, cwd=ROOT
    )

    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("metric", metrics.ALL, ids=lambda metric: metric.name)
def test_a_metric_is_documented_with_its_definition_and_columns(metric):
    page = (ROOT / "docs/reference/metrics.md").read_text()

    assert f"`{metric.name}`" in page
    assert metric.definition and metric.unit and metric.grain
    assert [column for column in metric.columns if column not in metric.doc] == []


def test_every_command_has_help_and_is_documented():
    commands = dict(_commands())

    assert [path for path, command in commands.items() if not command.help] == []
    assert [path for path in commands if f"`{path}`" not in TEXT] == []


def test_every_option_has_help_and_is_documented():
    options = [(path, option) for path, command in _commands() for option in command.params]

    assert [f"{path} {option.name}" for path, option in options if not getattr(option, "help", None)] == []
    assert [f"{path} {option.name}" for path, option in options if _as_typed(option) not in TEXT] == []


@pytest.mark.parametrize("model", [Config, Stream])
def test_every_key_is_described_and_documented(model):
    keys = [
        (part, field.alias or name, field.description)
        for part in _models(model)
        for name, field in part.model_fields.items()
    ]

    assert [f"{part.__name__}.{key}" for part, key, description in keys if not description] == []
    assert [f"{part.__name__}.{key}" for part, key, _ in keys if f"`{key}`" not in TEXT] == []


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


def _as_typed(option: click.Parameter) -> str:
    return option.human_readable_name.upper() if isinstance(option, click.Argument) else f"`{option.opts[0]}`"


def _commands() -> Iterator[tuple[str, click.Command]]:
    waiting = [("streamgauge", typer.main.get_command(cli))]
    while waiting:
        path, command = waiting.pop()
        yield path, command
        waiting += [(f"{path} {name}", part) for name, part in getattr(command, "commands", {}).items()]


def _models(root: type[BaseModel]) -> Iterator[type[BaseModel]]:
    seen, waiting = set(), [root]
    while waiting:
        model = waiting.pop()
        if model not in seen:
            seen.add(model)
            yield model
            waiting += [part for field in model.model_fields.values() for part in _models_in(field.annotation)]


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]
