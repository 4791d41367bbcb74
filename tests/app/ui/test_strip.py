"""The line above each page that says how far its figures can be trusted."""

from datetime import UTC

import pytest

from app.ui.health import Trust
from app.ui.strip import STALE, strip
from tests.pages.company import NOON


def chip(found: Trust) -> str:
    return strip(NOON, UTC, True, [found]).rpartition('<span class="sg-chip')[2]


def test_a_source_that_counts_as_we_do_is_ticked():
    told = chip(Trust("main/default", "good", "1s behind", "", counts="open here 3 = 3 there"))

    assert "sg-good" in told
    assert ">✓<" in told
    assert "main/default 1s behind · open here 3 = 3 there" in told


def test_a_source_that_counts_otherwise_is_not_ticked_but_no_figure_looks_stale():
    found = Trust("main/default", "good", "1s behind", "", counts="open: 3 here, 2 there", differs=True)

    assert "sg-late" in chip(found)
    assert ">≠<" in chip(found)
    assert STALE not in strip(NOON, UTC, True, [found])


@pytest.mark.parametrize(("state", "mark"), [("late", "◷"), ("down", "▲")])
def test_what_is_worse_than_another_count_is_said_first(state, mark):
    found = Trust("main/default", state, "2m behind", "", counts="open: 3 here, 2 there", differs=True)

    assert f"sg-{state}" in chip(found)
    assert f">{mark}<" in chip(found)
    assert STALE in strip(NOON, UTC, True, [found])


def test_names_of_sources_are_text():
    assert "<script>" not in strip(NOON, UTC, True, [Trust("<script>", "good", "", '"><script>')])
