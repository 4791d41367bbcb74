"""Bottlenecks in every state it can be in."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

import metrics
from metrics import Question, Window, compare
from tests.pages.company import NOON, busy, visit
from tests.pages.test_live_flow import widget, words

PAGE = "pages/bottlenecks.py"
HOUR = Window(NOON - timedelta(hours=1), NOON)


@pytest.fixture
def show(show):
    """Shows the page as of NOON, looking back on the last hour."""
    return lambda service, **address: show(service, PAGE, **({"period": "1h"} | address))


def charts(page):
    """Every chart by what it says in words first."""
    found = {}
    for element in page.main.get("plotly_chart"):
        figure = json.loads(element.proto.spec)
        found[element.proto.alt.split(".")[0].split(":")[0].split(",")[0]] = figure
    return found


def html(page):
    return " ".join(element.proto.body for element in page.main.get("html"))


def cards(page):
    return {card["key"]: card for card in widget(page, "figures")["figures"]}


def rows_of(service, name, window=HOUR, **question):
    with service.warehouse.reading() as con:
        asked = Question(as_of=NOON, window=window, **question)
        return metrics.find(name)(con, service.streams[0], asked).to_pylist()


def test_the_worst_bottleneck_is_the_stage_that_the_metric_says(show, company):
    page = show(company)
    rows = rows_of(company, "time_in_state")
    worst = max(rows, key=lambda row: row["total_seconds"])
    share = round(100 * worst["total_seconds"] / sum(row["total_seconds"] for row in rows))

    assert f"{worst['title']} holds {share}\u202f% of all time in the window" in html(page)
    assert f"{worst['inside']} requests inside" in html(page)
    assert not page.exception


def test_the_four_charts_stand_above_the_fold_and_no_more(show, company):
    shown = charts(show(company))

    assert list(shown)[:4] == [
        "Time in stage",
        "Time by stage and wait",
        "Aging work",
        "Cumulative flow of Service request",
    ]
    assert len(shown) <= 6


def test_every_open_item_is_a_dot(show, company):
    traces = charts(show(company))["Aging work"]["data"]
    shown = {custom[4] for trace in traces for custom in trace.get("customdata", [])}

    assert shown == {row["item"] for row in rows_of(company, "open_items", window=None)}


def test_figures_are_those_of_the_metrics_and_say_what_they_mean(show, company):
    shown = cards(show(company))
    [first_pass] = rows_of(company, "first_pass_yield")

    assert shown["throughput"]["text"] == str(sum(row["ended"] for row in rows_of(company, "throughput")))
    assert shown["first_pass"]["words"][0] == f"of {first_pass['items']} that ended"
    assert all(dict(card["help"]).keys() >= {"", "n", "Unit", "As of", "From", "Ask"} for card in shown.values())


def test_the_address_chooses_age_bands_and_part(show, company):
    page = show(company, age="total", band="inside", part="Arrivals and departures")
    shown = charts(page)
    names = [trace["name"] for trace in shown["Cumulative flow of Service request"]["data"]]

    assert page.segmented_control(key="age").value == "total"
    assert "Gone since then" not in names
    assert "Arrivals and departures" in shown
    assert any("requests a minute arrive" in element.value for element in page.markdown)


def test_what_changed_is_what_compare_says(show, company):
    address = {"against": "windows", "first": "2026-03-02T11:00..2026-03-02T11:30", "second": "30m"}
    page = show(company, **address)
    half = timedelta(minutes=30)
    windows = (Window(NOON - 2 * half, NOON - half), Window(NOON - half, NOON))
    with company.warehouse.reading() as con:
        sides = [Question(as_of=window.to_at, window=window) for window in windows]
        whole = compare(con, company.streams[0], replace(sides[1], of="time_in_state", before=sides[0])).to_pylist()[-1]
    bars, ends = next(figure for name, figure in charts(page).items() if name.startswith("From "))["data"]

    assert ends["x"] == pytest.approx([whole["before"], whole["after"]])
    assert sum(bars["x"]) == pytest.approx(whole["difference"])
    assert any(f"n = {whole['after_n']}" in element.value.replace("\\", "") for element in page.markdown)
    assert any("in 2026-03-02T11:00..2026-03-02T11:30" in each.value.replace("\\", "") for each in page.markdown)


def test_two_segments_are_compared_from_the_address(show, company):
    page = show(company, figure="in_flight", against="segments", segment="Region", **{"second.Region": "West"})
    said = [element.value.replace("\\", "") for element in page.markdown]
    north = sum(row["items"] for row in rows_of(company, "in_flight", window=None, where=(("Region", "North"),)))

    assert any(
        "Items in flight" in text and f"{north} for Region North" in text and "for Region West" in text for text in said
    )


def test_a_window_that_is_none_is_said_and_the_rest_stays(show, company):
    page = show(company, against="windows", first="yesterday")

    assert any("'yesterday' is no window" in text for text in words(page.info))
    assert "Time in stage" in charts(page)


def test_nothing_to_compare_with_is_said(show, company):
    page = show(company, against="week")

    assert [box.proto.title for box in page.info] == ["Nothing to compare with"]


@pytest.mark.parametrize("part", ["Flow efficiency", "Handoffs and rework", "Systems"])
def test_every_part_is_drawn(show, company, part):
    page = show(company, part=part)

    assert not page.exception
    assert not page.error
    assert part.split()[0] in " ".join(element.value for element in page.header).replace("Cumulative flow", "")


def test_on_paper_everything_is_there_at_once(show, company):
    page = show(company, print="true")
    heads = [element.value.replace("\\", "") for element in page.header]

    assert not page.main.get("tab_container")
    assert {"What changed", "Arrivals and departures", "Handoffs between lanes", "Little's law"} <= set(heads)
    assert "Window: last 1h, 2026-03-02 11:00 to 2026-03-02 12:00 (UTC)." in html(page)


def test_a_filter_narrows_every_figure(show, company):
    shown = cards(show(company, **{"where.Region": "North"}))
    expected = sum(row["ended"] for row in rows_of(company, "throughput", where=(("Region", "North"),)))

    assert shown["throughput"]["text"] == str(expected)


def test_a_filter_that_nothing_matches_says_so(show, company):
    page = show(company, **{"where.Region": "Atlantis"})

    assert [box.proto.title.replace("\\", "") for box in page.info] == [
        "No request in the window has Region = Atlantis"
    ]
    assert not charts(page)


def test_a_window_in_which_nothing_was_says_so(show, opened):
    old = visit("old", [("request", -9000)], ended="completed")
    page = show(opened(stories=[old]))

    assert [box.proto.title.replace("\\", "") for box in page.info] == ["No request was in any stage in the last 1h"]


def test_before_the_first_round_it_says_that_nothing_was_read(show, opened):
    page = show(opened(as_of=None), as_of=None, live="false")

    assert any("nothing has been read yet" in box.proto.title.replace("\\", "") for box in page.info)
    assert not charts(page)


def test_without_a_stream_file_it_says_what_to_do(show, opened):
    page = show(opened(streams=[]))

    assert [box.proto.title for box in page.info] == ["No stream file is in force"]


def test_a_source_that_fails_is_said_above_what_it_last_gave(show, opened):
    page = show(opened(stories=busy(items=30), error="boom <b>"), as_of="2026-03-02T12:00:30Z")

    assert any("cannot be read" in box.proto.title.replace("\\", "") for box in page.warning)
    assert "Time in stage" in charts(page)


def test_a_single_item_shows_dots_and_says_what_is_too_thin(show, opened):
    page = show(opened(stories=[visit("one", [("request", -600), ("quote", -300)])]))
    notes = [note["text"] for note in charts(page)["Time in stage"]["layout"]["annotations"]]

    assert any("1 exit" in text for text in notes)
    assert cards(page)["cycle_time"]["text"] == "–"  # noqa: RUF001


def test_a_stream_without_values_and_systems_leaves_them_out(show, opened, company):
    stream = company.streams[0]
    plain = stream.model_copy(update={"systems": (), "item": stream.item.model_copy(update={"value": None})})
    page = show(opened(streams=[plain], stories=busy(items=30)), part="Systems")

    assert "waiting" not in cards(page)
    assert not page.error


@pytest.mark.parametrize("address", [{"age": "x"}, {"part": "<b>"}, {"against": "; DROP"}, {"figure": "nonsense"}])
def test_nonsense_in_the_address_shows_the_usual_page(show, company, address):
    page = show(company, **address)

    assert not page.exception
    assert "Time in stage" in charts(page)
