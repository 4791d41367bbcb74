"""Cumulative flow, arrivals and departures, Little's law, flow efficiency."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import value_stream
from app.ui.bottlenecks.flow_charts import coming_and_going, cumulative_flow, efficiency, littles_law_words
from app.ui.palette import LIGHT
from tests.app.ui.bottlenecks.rows import HOUR, row
from tests.pages.company import STREAM

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EDGES = [NOON + timedelta(hours=hour) for hour in range(3)]
FLOW = [
    row("cumulative_flow", at=at, stage=stage, arrivals=0, departures=0, in_flight=count)
    for stage, counts in {"request": (1, 2, 3), "quote": (0, 4, 2), "done": (0, 0, 0)}.items()
    for at, count in zip(EDGES, counts, strict=True)
]
GONE = [
    row("departures", from_at=begin, to_at=end, departures=count, ended=count, lost=0, moved=0)
    for begin, end, count in ((EDGES[0], EDGES[1], 5), (EDGES[1], EDGES[2], 2))
]
CAME = [
    row("arrivals", from_at=begin, to_at=end, arrivals=count, opened=count, reopened=0, moved=0)
    for begin, end, count in ((EDGES[0], EDGES[1], 10), (EDGES[1], EDGES[2], 1))
]


def flow(**more):
    return cumulative_flow(FLOW, GONE, value_stream.load(STREAM), LIGHT, UTC, **({"with_gone": True} | more))


def test_what_is_gone_lies_at_the_bottom_and_the_first_stage_on_top():
    data = flow().figure["data"]

    assert [(trace["name"], trace["y"]) for trace in data] == [
        ("Gone", [0, 5, 7]),
        ("Quote", [0, 4, 2]),
        ("Request", [1, 2, 3]),
    ]
    assert data[0]["fillcolor"] == LIGHT.done


def test_the_whole_height_is_what_was_there_and_what_came():
    tops = [sum(trace["y"][place] for trace in flow().figure["data"]) for place in range(3)]

    assert tops == [1, 11, 12]


def test_without_what_is_gone_only_what_is_in_flight_is_shown():
    assert [trace["name"] for trace in flow(with_gone=False).figure["data"]] == ["Quote", "Request"]


def test_stages_of_one_lane_have_one_colour():
    stream = value_stream.load(STREAM)
    rows = [each | {"stage": "delivery"} if each["stage"] == "request" else each for each in FLOW]
    data = cumulative_flow(rows, GONE, stream, LIGHT, UTC, with_gone=False).figure["data"]

    assert data[0]["fillcolor"] == data[1]["fillcolor"]


def test_times_are_those_of_the_viewer():
    data = cumulative_flow(
        FLOW, GONE, value_stream.load(STREAM), LIGHT, ZoneInfo("Europe/Paris"), with_gone=True
    ).figure["data"]

    assert data[0]["x"][0] == "2026-03-02 13:00:00"


def test_names_at_the_end_never_lie_over_each_other():
    notes = flow().figure["layout"]["annotations"]
    heights = [note["y"] for note in notes]

    assert heights == sorted(heights)
    assert all(high - low >= 0.035 * 12 for low, high in itertools.pairwise(heights))


def test_there_is_room_beside_the_bands_for_the_longest_name_and_its_number():
    many = [each | {"departures": each["departures"] * 100_000} for each in GONE]
    few, much = (
        cumulative_flow(FLOW, gone, value_stream.load(STREAM), LIGHT, UTC, with_gone=True).figure["layout"]
        for gone in (GONE, many)
    )

    assert much["annotations"][0]["text"] == "Gone 700\u202f000"
    assert much["margin"]["r"] >= 6 * len("Gone 700 000")
    assert few["margin"]["r"] >= 6 * len("Request 3")


def test_arrivals_stand_above_and_departures_below_the_line():
    came, went, added = coming_and_going(CAME, GONE, LIGHT, UTC).figure["data"]

    assert (came["y"], went["y"], added["y"]) == ([10, 1], [-5, -2], [5, 4])


def law(**values):
    usual = {"stage": "(all)", "arrivals": 30, "exits": 20, "arrivals_per_day": 24.0, "mean_seconds": 2.0 * HOUR}
    return littles_law_words([row("littles_law", **(usual | values))], "request")


def test_littles_law_is_said_with_its_residual():
    said = law(predicted_in_flight=2.0, observed_in_flight=2.6, residual_in_flight=0.6, residual_share=0.23)

    assert "24 requests a day arrive, and each takes 2h on average: that makes 2.0 in flight" in said
    assert "On average 2.6 were (n = 20 that ended)." in said
    assert said.endswith("That is 0.6 more, 23\u202f% of what is there: a backlog grows, or old work stands still.")


def test_a_stream_in_balance_is_said_to_be():
    said = law(predicted_in_flight=2.0, observed_in_flight=2.1, residual_in_flight=0.1, residual_share=0.05)

    assert said.endswith("The stream is in balance.")


def test_a_law_that_cannot_be_checked_says_why():
    assert law(thin="1 exit: a mean needs 2") == "Little's law cannot be checked yet (1 exit: a mean needs 2)."
    assert littles_law_words([], "request").startswith("Little's law speaks of the whole stream")


def test_efficiency_is_drawn_as_the_share_of_the_whole_bar():
    names = {"stays": 4, "touch_seconds": 60.0, "elapsed_seconds": 240.0, "efficiency_share": 0.25}
    idle = {"stays": 0, "touch_seconds": 0.0, "elapsed_seconds": 0.0, "efficiency_share": None}
    rows = [
        row("flow_efficiency", stage="quote", title="Quote", **names),
        row("flow_efficiency", stage="idle", title="Idle", **idle),
        row("flow_efficiency", stage="(all)", title=None, **names),
    ]
    chart = efficiency(rows, LIGHT)

    assert chart.figure["data"][1]["x"] == [0.25, 0.25]
    assert "Worked on for 1m of 4m<br>n = 4 stays" in chart.figure["data"][1]["customdata"][0]
    assert chart.alt == "Flow efficiency: touch over elapsed time. Quote 25\u202f%. All stages 25\u202f%."
