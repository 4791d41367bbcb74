"""What stands in the address is checked before anything believes it."""

from datetime import UTC, datetime, timedelta

import pytest

from app.ui.url import LONGEST, Filters, instant_of, text_of, values_with
from tests.pages.company import NOON


@pytest.mark.parametrize("text", [None, "", "yesterday", "2026-13-01", "1" * (LONGEST + 1), "'; DROP TABLE item; --"])
def test_nonsense_means_now(text):
    assert instant_of(text, NOON) is None


def test_an_instant_is_utc_where_no_zone_is_given():
    assert instant_of("2026-03-02T11:00", NOON) == datetime(2026, 3, 2, 11, tzinfo=UTC)
    assert instant_of("2026-03-02T12:30:00+01:00", NOON) == datetime(2026, 3, 2, 11, 30, tzinfo=UTC)


def test_the_future_means_now():
    assert instant_of("2026-03-02T12:00:01Z", NOON) is None


def test_an_instant_survives_the_address():
    assert instant_of(text_of(NOON - timedelta(hours=1)), NOON) == NOON - timedelta(hours=1)


def test_a_page_follows_the_data_only_while_it_shows_now():
    assert Filters().refreshes
    assert not Filters(is_live=False).refreshes
    assert not Filters(as_of=NOON).refreshes


def test_a_value_that_a_link_names_is_offered_though_nothing_has_it_now():
    assert values_with(["South", "North"], "West") == ["North", "South", "West"]
    assert values_with(["South"], "South") == ["South"]
    assert values_with(["South"], "x" * (LONGEST + 1)) == ["South"]
