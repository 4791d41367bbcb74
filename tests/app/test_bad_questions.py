"""What cannot be answered is said in one sentence: every metric, asked everything that people get wrong."""

from collections.abc import Iterator
from typing import Any

import pytest

import metrics
from app.answers import Ask, answer
from app.errors import AskError
from metrics import Metric, MetricError
from tests.fixtures.histories import instant, run
from tests.fixtures.streams import a_stream, put_in_force
from tests.fixtures.warehouses import SOURCE, read_until, write
from tests.metrics.past import STREAM
from value_stream import Stream
from warehouse import Warehouse, open_warehouse, register_source

NOW = instant(100)
BARE = a_stream(stream="bare", item={"workflow_types": ["Bare"]})
# What is asked, and what the sentence must name.
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown stage": ({"where": ("stage=nowhere",)}, "stage|narrowed|where"),
    "unknown segment to narrow by": ({"where": ("colour=red",)}, "colour|--where"),
    "unknown segment to split by": ({"by": ("colour",)}, "colour|--by"),
    "as-of in the future": ({"as_of": "2126-01-01"}, "--as-of 2126-01-01 is in the future"),
    "known-at in the future": ({"known_at": "2126-01-01"}, "--known-at 2126-01-01 is in the future"),
    "window that ends before it begins": ({"window": "2026-03-02T12:00Z..2026-03-01T12:00Z"}, "window"),
    "window that cannot be read": ({"window": "soon"}, "window|soon"),
    "window that begins after the as-of instant": (
        {"window": "2026-03-02T12:01Z..2026-03-02T12:02Z", "as_of": "2026-03-02T12:00:30Z"},
        "window",
    ),
    "unknown stream": ({"stream": "nothing"}, "nothing"),
    "segment without a value": ({"where": ("stage",)}, "where|stage"),
}


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    opened = open_warehouse(None)
    con = opened.cursor()
    register_source(con, SOURCE, "temporal")
    put_in_force(con, STREAM, BARE)
    write(con, run("open", 0).turn(1), run("bare", 1, workflow_type="Bare").turn(2))
    read_until(con, 90)
    con.close()
    yield opened
    opened.close()


def ask(warehouse: Warehouse, metric: Metric, parts: dict[str, Any]) -> Any:
    asked = {"stream": STREAM.stream, "as_of": instant(60).isoformat(), **parts}
    if metric.name == "compare":
        asked["of"] = "in_flight"
    return answer(warehouse, [STREAM, BARE], Ask(metric.name, **asked), now=NOW)


@pytest.mark.parametrize("wrong", REFUSED)
def test_every_metric_refuses_in_one_sentence(warehouse: Warehouse, wrong: str) -> None:
    parts, named = REFUSED[wrong]
    for metric in metrics.ALL:
        if wrong == "unknown stream" and metric.name == "source_health":
            continue  # it is of sources, whatever the stream
        with pytest.raises((AskError, MetricError), match=named) as refused:
            ask(warehouse, metric, parts)
        said = str(refused.value)
        assert said.endswith(".") and "\n" not in said and len(said) < 300, (metric.name, said)


@pytest.mark.parametrize("stream", [STREAM, BARE], ids=lambda stream: stream.stream)
def test_every_metric_gives_rows_or_says_why_there_are_none(warehouse: Warehouse, stream: Stream) -> None:
    refused = set()
    for metric in metrics.ALL:
        for as_of in (-3600, 60):
            try:
                found = ask(warehouse, metric, {"stream": stream.stream, "as_of": instant(as_of).isoformat()})
            except MetricError as error:
                refused.add(metric.name)
                assert str(error).startswith(f"Stream {stream.stream} ") and str(error).endswith(".")
                continue
            assert found.table.num_rows or found.note, metric.name
    declared = {"decisions", "decision_summary", "value_waiting", "value_leaked", "systems", "validation"}
    assert refused == (set() if stream is STREAM else declared)
