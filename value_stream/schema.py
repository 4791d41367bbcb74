"""The JSON Schema of a stream file, by which editors complete and check it."""

from pydantic.json_schema import models_json_schema

from value_stream.stream import Stream


def json_schema() -> dict[str, object]:
    """JSON Schema (2020-12) of one `*.stream.toml`. It cannot say what must hold between parts; loading does."""
    _, schema = models_json_schema([(Stream, "validation")], by_alias=True)
    definitions = schema["$defs"]
    root = definitions.pop("Stream")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **root,
        "title": "Value stream",
        "$defs": definitions,
    }
