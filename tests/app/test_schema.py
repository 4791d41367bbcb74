"""`streamgauge schema`: editors complete and check both files by what it writes."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.cli_schema import config_schema
from app.config_text import FoundSources, config_text
from app.errors import ConfigError
from connectors.temporal.discovery import FoundCluster, FoundNamespace

STREAMS = Path(__file__).parents[2] / "sample_data" / "streams"


def written(folder):
    return {path.name: json.loads(path.read_text()) for path in folder.glob("*.schema.json")}


def wrong(schema, text):
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(tomllib.loads(text))]


@pytest.fixture
def schemas(tmp_path):
    assert CliRunner().invoke(cli, ["schema", "--dir", str(tmp_path)]).exit_code == 0
    return written(tmp_path)


def test_both_schemas_are_written_and_the_line_that_names_each_is_said(tmp_path):
    told = CliRunner().invoke(cli, ["schema", "--dir", str(tmp_path)]).output

    assert set(written(tmp_path)) == {"streamgauge.schema.json", "stream.schema.json"}
    assert "#:schema ./streamgauge.schema.json" in told
    assert "#:schema ../stream.schema.json" in told


def test_the_streams_of_the_demo_pass_and_a_misspelled_key_does_not(schemas):
    for path in STREAMS.glob("*.stream.toml"):
        text = path.read_text()
        assert wrong(schemas["stream.schema.json"], text) == []
        assert wrong(schemas["stream.schema.json"], text.replace("\ntarget ", "\ntraget "))


def test_what_init_writes_passes_and_a_wrong_port_does_not(schemas):
    schema = schemas["streamgauge.schema.json"]
    text = config_text(FoundSources("default", FoundCluster("here", (FoundNamespace("default", 3),)), ()))

    assert wrong(schema, text) == []
    assert wrong(schema, "[server]\nport = 70000")
    assert wrong(schema, "[sync]\nevry_seconds = 3")


def test_every_key_of_the_config_is_described():
    schema = config_schema()
    tables = [schema, *schema["$defs"].values()]

    assert [
        name
        for table in tables
        for name, key in table.get("properties", {}).items()
        if not key.get("description") and "$ref" not in key
    ] == []


def test_an_older_schema_is_brought_up_to_date_and_another_file_is_left_alone(tmp_path, schemas):
    stream, config = tmp_path / "stream.schema.json", tmp_path / "streamgauge.schema.json"
    stream.write_text(json.dumps(schemas["stream.schema.json"] | {"properties": {}}))
    CliRunner().invoke(cli, ["schema", "--dir", str(tmp_path)])
    assert written(tmp_path) == schemas

    config.write_text("mine")
    refused = CliRunner().invoke(cli, ["schema", "--dir", str(tmp_path)])

    assert isinstance(refused.exception, ConfigError)
    assert "--force" in str(refused.exception)
    assert config.read_text() == "mine"


def test_a_folder_that_is_not_there_is_one_clear_sentence(tmp_path):
    refused = CliRunner().invoke(cli, ["schema", "--dir", str(tmp_path / "nowhere")])

    assert isinstance(refused.exception, ConfigError)
    assert "No folder" in str(refused.exception)
