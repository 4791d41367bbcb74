"""Editors complete and check stream files by a JSON Schema, and every key explains itself."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import jsonschema

from value_stream.model import Part
from value_stream.schema import json_schema

WHOLE = Path(__file__).parent / "service-request.stream.toml"


def parts(part: type[Part] = Part) -> Iterator[type[Part]]:
    for each in part.__subclasses__():
        yield each
        yield from parts(each)


def test_every_key_of_a_stream_file_is_described():
    undescribed = [
        f"{part.__name__}.{name}"
        for part in parts()
        for name, field in part.model_fields.items()
        if not field.description
    ]

    assert undescribed == []


def test_every_part_says_what_it_is():
    assert [part.__name__ for part in parts() if not part.__doc__] == []


def test_the_schema_accepts_a_whole_file_and_refuses_what_no_editor_should_accept():
    check = jsonschema.Draft202012Validator(json_schema())
    whole = tomllib.loads(WHOLE.read_text())

    assert [error.message for error in check.iter_errors(whole)] == []
    assert not check.is_valid({**whole, "colour": "red"})
    assert not check.is_valid({**whole, "stages": [{"name": "a", "target": "4 hours"}]})
    assert not check.is_valid({**whole, "stages": [{"name": "a", "enter": [{"signal": "x", "update": "y"}]}]})


def test_the_schema_knows_every_key_as_it_is_written_in_the_file():
    schema = json_schema()
    definitions = schema["$defs"]

    assert json.loads(json.dumps(schema)) == schema
    assert set(schema["properties"]) == {
        "stream", "title", "item", "rows", "systems", "stages", "moves", "decisions", "exceptions", "nudges",
    }  # fmt: skip
    assert schema["additionalProperties"] is False
    assert set(definitions["Move"]["properties"]) == {"from", "to", "rework"}
    assert definitions["Stage"]["properties"]["target"]["anyOf"][0]["type"] == "string"
    assert {"required": ["signal"]} in definitions["EnterRule"]["oneOf"]
