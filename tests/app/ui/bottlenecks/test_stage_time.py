"""Time in stage: what is drawn, what is said, and what is not."""

from app.ui.bottlenecks.stage_time import gap_sentence, missing, stage_time
from app.ui.palette import DARK, LIGHT
from tests.app.ui.bottlenecks.rows import DAY, HOUR, MINUTE, time_in

QUOTE = time_in(
    "quote",
    exits=412,
    inside=23,
    limits=(4 * HOUR, 2 * DAY, 3 * DAY),
    target=DAY,
    within=0.62,
    completed=(HOUR, DAY, 2 * DAY),
    p85_low_seconds=1.5 * DAY,
)
INTAKE = time_in("intake", exits=30, inside=0, limits=(MINUTE, 2 * MINUTE, 3 * MINUTE), completed=(60, 120, 180))


def drawn(chart):
    """Every point with its hover text."""
    return {
        (x, y): text
        for trace in chart.figure["data"]
        if "text" in trace
        for x, y, text in zip(trace["x"], trace["y"], trace["text"], strict=True)
    }


def words(chart):
    return [note["text"] for note in chart.figure["layout"]["annotations"]]


def test_every_percentile_stands_at_its_time_and_says_its_limits_and_n():
    points = drawn(stage_time([INTAKE, QUOTE], LIGHT))

    said = points[2 * DAY, 1]
    assert "85 of 100 have left by <b>2d 0h 0m 0s</b>" in said
    assert "95 % sure that it is 1.5d to not known" in said
    assert "n = 412 that left, 23 still inside" in said
    assert {(4 * HOUR, 1), (3 * DAY, 1), (60, 0), (120, 0), (180, 0)} <= set(points)


def test_the_target_says_how_many_are_within_it():
    chart = stage_time([QUOTE], LIGHT)

    assert "62\u202f% of stays are within it" in drawn(chart)[DAY, 0]
    assert any("62\u202f%" in text for text in words(chart))


def test_completed_stays_alone_stand_below_only_where_they_tell_another_story():
    below = [place for place in drawn(stage_time([INTAKE, QUOTE], LIGHT)) if place[1] % 1]

    assert sorted(x for x, _ in below) == [HOUR, DAY, 2 * DAY]
    assert all(1 < y < 1.5 for _, y in below)


def test_the_widest_gap_between_the_two_ways_of_counting_is_said_in_words():
    assert gap_sentence([INTAKE, QUOTE]) == ("Quote: completed stays alone say 1h (p50); counting open work it is 4h.")
    assert gap_sentence([INTAKE]) == ""


def test_few_exits_leave_p95_out_and_say_why():
    few = time_in("few", exits=9, limits=(60, 120), thin="9 exits: p95 needs 20")
    chart = stage_time([few], LIGHT)

    assert [x for x, _ in drawn(chart)] == [60, 120]
    assert missing(few) in words(chart)
    assert "9 exits: p95 needs 20" in missing(few)


def test_a_percentile_that_is_not_reached_is_said_and_the_line_goes_on_to_the_edge():
    jammed = time_in("jammed", exits=9, inside=60, limits=(HOUR,), not_reached="p85, p95")
    chart = stage_time([jammed], LIGHT)
    dotted = next(trace for trace in chart.figure["data"] if trace.get("line", {}).get("dash") == "dot")

    assert "p85: over 15 % still there" in words(chart)
    assert dotted["x"][0] == HOUR
    assert dotted["x"][1] > HOUR


def test_a_stage_in_which_nothing_was_seen_is_left_out():
    chart = stage_time([time_in("empty", exits=0, inside=0), INTAKE], DARK)

    assert [text.split("<br>")[0] for text in chart.figure["layout"]["yaxis"]["ticktext"]] == ["Intake"]
    assert "Intake: p50 1m, p85 2m, p95 3m" in chart.alt


def test_nothing_at_all_is_still_a_picture():
    assert stage_time([], LIGHT).alt == "Time in stage: nothing was seen in the window."


def test_titles_are_text_not_markup():
    row = INTAKE | {"title": "<img src=x>"}

    assert "<img" not in str(stage_time([row], LIGHT).figure)
