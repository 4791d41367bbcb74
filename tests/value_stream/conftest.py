"""Stream files for tests: a whole one that uses everything, and a small one to bend."""

from pathlib import Path

import pytest

from value_stream import Stream, load

WHOLE = Path(__file__).parent / "service-request.stream.toml"


@pytest.fixture
def whole() -> Stream:
    """The service request with everything that a stream file can say."""
    return load(WHOLE)


@pytest.fixture
def stream_file(tmp_path):
    """Writes a stream file and gives its path."""

    def write(text: str, name: str = "small.stream.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def small(stream_file):
    """Writes a small valid file with more text behind it, and with changes; gives its path."""

    def write(more: str = "", **changes: str) -> Path:
        text = SMALL + more
        for old, new in changes.items():
            assert PLACES[old] in text
            text = text.replace(PLACES[old], new)
        return stream_file(text)

    return write


SMALL = """
stream = "claim"

[item]
workflow_types = ["Claim"]

[[stages]]
name   = "intake"
target = "1h"

[[stages]]
name  = "review"
enter = [{ activity = "assess" }]

[[stages]]
name  = "paid"
enter = [{ close = "completed" }]

[[moves]]
from = "intake"
to   = "review"

[[moves]]
from = "review"
to   = "paid"
"""
PLACES = {"types": '["Claim"]', "target": '"1h"', "enter": '{ activity = "assess" }', "to": '"paid"\n\n'}
