"""Questions as people write them: what each part means, and a sentence for what cannot be meant."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

import metrics
from app.answers import Ask, answer, from_ipc, to_ipc
from app.errors import AskError
from metrics import MetricError
from tests.app.conftest import SOURCE, STORIES, STREAM
from tests.fixtures.histories import NOON, batch, instant
from value_stream import Stream, load, rule_rows, stream_versions
from warehouse import Round, Warehouse, finish_round, open_warehouse, register_source, replace_rules, write_batch

SERVICE_REQUEST = load(STREAM)
BARE = Stream.model_validate(
    {
        "stream": "bare",
        "item": {"workflow_types": ["Bare"]},
        "stages": [{"name": "only", "lane": "desk", "enter": [{"start": True}]}],
        "moves": [],
    }
)


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    opened = open_warehouse(None)
    con = opened.cursor()
    streams = [SERVICE_REQUEST, BARE]
    replace_rules(con, rule_rows(streams), stream_versions(streams), NOON - timedelta(days=1))
    register_source(con, SOURCE, "temporal")
    write_batch(con, SOURCE, batch(*STORIES), NOON)
    finish_round(con, SOURCE, Round(started_at=NOON, ended_at=NOON, is_complete=True, as_of_at=NOON))
    con.close()
    yield opened
    opened.close()


def told(warehouse: Warehouse, name: str, **parts):
    ask = Ask(name, **{"stream": "service-request", "as_of": NOON.isoformat(), **parts})
    return answer(warehouse, [SERVICE_REQUEST, BARE], ask, now=instant(60))


@pytest.mark.parametrize("name", [metric.name for metric in metrics.ALL])
def test_every_metric_has_the_columns_that_it_promises_in_their_order(warehouse, name):
    of = {"of": "time_in_state"} if name == "compare" else {}
    asked = {"before_as_of": instant(-300).isoformat()} if name == "compare" else {}
    found = told(warehouse, name, **of, **asked)
    metric = metrics.find(name)
    assert tuple(found.table.column_names) == metric.columns
    says = metric.doc.split("Columns:")[1]
    # "and likewise p85 and p95" is how docstrings tell the further percentiles
    missing = [column for column in metric.columns if column not in says and not column.startswith(("p85_", "p95_"))]
    assert not missing
    assert found.table.num_rows or found.note


@pytest.mark.parametrize(
    ("name", "parts", "says"),
    [
        ("in_flight", {"where": ("stage=nowhere",)}, "No stage 'nowhere' in stream service-request"),
        ("in_flight", {"where": ("lane=nobody",)}, "No lane 'nobody' in stream service-request"),
        ("in_flight", {"by": ("Regoin",)}, "No segment 'Regoin' in stream service-request. Did you mean Region?"),
        ("in_flight", {"where": ("Region",)}, "--where 'Region' is no key=value."),
        ("in_flight", {"as_of": "2126-01-01"}, "--as-of 2126-01-01 is in the future"),
        ("in_flight", {"as_of": "yesterday"}, "'yesterday' is no instant"),
        ("in_flight", {"known_at": "2126-01-01"}, "--known-at 2126-01-01 is in the future"),
        ("in_flight", {"known_at": "2026-03-01"}, "What was known at 2026-03-01 00:00:00Z says nothing of"),
        ("in_flight", {"window": "30d"}, "in_flight speaks about one instant and takes no window"),
        ("moves", {"window": "2026-02-02..2026-02-01"}, "The window 2026-02-02..2026-02-01 ends before it begins."),
        ("moves", {"window": "soon"}, "'soon' is no window"),
        ("moves", {"of": "in_flight"}, "moves has one side: --of and --before-... belong to `show compare`."),
        ("compare", {"of": "moves"}, "compare knows no 'moves'"),
        ("compare", {"of": "cycle_time"}, "No item ended on one side of the comparison"),
        ("throughput", {"window": "2026-03-03..2026-03-04"}, "The window begins"),
        ("decisions", {"stream": "bare"}, "Stream bare declares no decisions"),
        ("decision_summary", {"stream": "bare"}, "Stream bare declares no decisions"),
        ("decisions", {"smallest_group": "few"}, "--smallest-group few is no number of at least 1."),
        ("in_flight", {"hide_persons": "true"}, "in_flight names no persons"),
        ("systems", {"stream": "bare"}, "Stream bare declares no systems"),
        ("validation", {"stream": "bare"}, "Stream bare requires no validation"),
        ("in_flight", {"stream": "bear"}, "No stream 'bear'. There is: service-request, bare."),
    ],
)
def test_a_question_that_makes_no_sense_gets_one_sentence(warehouse, name, parts, says):
    with pytest.raises((AskError, MetricError)) as caught:
        told(warehouse, name, **parts)
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "parts", "says"),
    [
        ("in_flight", {"where": ("Region=Nowhere",)}, "No item has Region = 'Nowhere'. There is: South, North."),
        ("in_flight", {"where": ("Priority=high",)}, "No item has Priority = 'high'. None has any Priority."),
        ("in_flight", {"stream": "bare"}, "Stream bare has no items: no run of Bare has been read."),
        (
            "open_items",
            {"as_of": "2026-03-01"},
            "Stream service-request had no items by 2026-03-01 00:00:00Z: the first began at 2026-03-02 10:53:20Z.",
        ),
        (
            "open_items",
            {"where": ("stage=billing",)},
            "Nothing to tell as of 2026-03-02 12:00:00Z, of stage = 'billing'.",
        ),
        (
            "exits",
            {"window": "2026-03-02T11:59..2026-03-02T12:00"},
            "Nothing to tell between 2026-03-02 11:59:00Z and 2026-03-02 12:00:00Z.",
        ),
        ("in_flight", {}, None),
    ],
)
def test_an_answer_without_rows_says_why(warehouse, name, parts, says):
    assert told(warehouse, name, **parts).note == says


def test_nothing_has_been_read_yet():
    opened = open_warehouse(None)
    con = opened.cursor()
    replace_rules(con, rule_rows([BARE]), stream_versions([BARE]), NOON)
    assert answer(opened, [BARE], Ask("waits"), now=NOON).note == "Nothing has been read yet: run `streamgauge sync`."
    con.close()
    opened.close()


def test_compare_takes_the_other_side_from_what_is_said_of_it(warehouse):
    by_instant = told(warehouse, "compare", before_as_of=instant(-700).isoformat()).table.to_pylist()[-1]
    assert (by_instant["before"], by_instant["after"]) == (1, 3)
    by_segment = told(warehouse, "compare", where=("Region=South",), before_where=("Region=North",))
    assert [by_segment.table.to_pylist()[-1][side] for side in ("before", "after")] == [1, 2]
    usual = told(warehouse, "compare", window="15m").table.to_pylist()[-1]
    assert (usual["before"], usual["after"]) == (1, 3)


def test_known_at_answers_from_what_had_been_read_by_then(warehouse):
    assert sum(told(warehouse, "in_flight", known_at=NOON.isoformat()).table.column("items").to_pylist()) == 3
    early = told(warehouse, "in_flight", known_at=instant(-1).isoformat(), as_of=None)
    assert (early.as_of, sum(early.table.column("items").to_pylist())) == (instant(-1), 0)


def test_the_note_goes_over_the_wire_with_the_answer(warehouse):
    found = told(warehouse, "in_flight", where=("Region=Nowhere",))
    back = from_ipc(to_ipc(found))
    assert replace(back, table=found.table) == found
