"""What an address says in vain is told above the page, and the page is the usual one."""

import pytest

from tests.pages.company import visit
from tests.pages.test_live_flow import stages, widget


def told_above(page):
    [box] = [each for each in page.warning if "address" in each.proto.title]
    return box.value.replace("\\", "")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ({"stage": "<script>"}, "stage=<script>: Service request has no stage of that name; shown are all."),
        ({"window": "9y"}, "window=9y: none of 10m, 1h, 8h, 1d, 7d, 30d; shown is 1h."),
        ({"period": "7d"}, "period=7d: this page has no period, but a window."),
        ({"stream": "gone"}, "stream=gone: no stream of that name is in force; shown is service-request."),
        (
            {"where.Colour": "*red*"},
            "where.Colour=*red*: Service request has no segment of that name, it has Region, Priority, product; "
            "nothing is left out by it.",
        ),
        (
            {"as_of": "yesterday" * 30},
            f"as_of={('yesterday' * 30)[:40]}…: no instant of the past, such as 2026-11-22T14:30:00Z; shown is now.",
        ),
        ({"as_of": None, "live": "perhaps"}, "live=perhaps: neither true nor false; the page is live."),
    ],
)
def test_what_the_address_says_in_vain_is_told_and_the_usual_page_is_shown(show, company, address, told):
    page = show(company, **address)

    assert told_above(page) == f"- {told}"
    assert not page.exception
    assert stages(page)["approval"]["items"]
    assert widget(page, "value_stream_map")["selected"] is None


def test_all_that_is_said_in_vain_is_told_at_once_on_the_pages_that_speak_of_a_stage(show, company):
    page = show(company, "pages/stream.py", stage="gone", period="9y")

    assert told_above(page).splitlines() == [
        "- period=9y: none of 1h, 8h, 1d, 7d, 30d, 90d; shown is 7d.",
        "- stage=gone: Service request has no stage of that name; shown are all.",
    ]


def test_a_cause_that_a_link_names_is_told_to_hold_nothing_also_where_nothing_is_stuck(show, opened):
    quiet = opened(stories=[visit("one", [("request", -10)])])
    page = show(quiet, "pages/stuck.py", as_of="2026-03-02T12:00:04Z", cause="healed")

    assert told_above(page) == "- cause=healed: it holds nothing, or nothing any more."


def test_an_address_that_is_followed_is_not_spoken_of(show, company):
    page = show(company, stage="approval", window="8h", **{"where.Region": "north"})

    assert [each for each in page.warning if "address" in each.proto.title] == []
