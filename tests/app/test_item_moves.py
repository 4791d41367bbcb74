"""The way of one item, found by the key people know or by that of Temporal."""

from datetime import timedelta

import pytest

from app.item_moves import item_moves
from tests.pages.company import NOON, service_of, visit


@pytest.fixture(scope="module")
def service():
    stays = [("request", -300), ("classification", -200), ("billing", -100)]
    opened = service_of(stories=[visit("one", stays), visit("other", [("request", -50)])])
    yield opened
    opened.close()


def way(service, named="one", ago=0):
    stays = item_moves(service, service.streams[0], named, NOON - timedelta(seconds=ago))
    return stays and [(stay["stage"], stay["next_stage"], stay["is_drawn"]) for stay in stays]


def test_it_is_the_stages_of_that_item_alone_in_their_order(service):
    assert way(service) == [
        ("request", "classification", True),
        ("classification", "billing", False),
        ("billing", None, None),
    ]


def test_what_came_after_the_instant_is_not_known_yet(service):
    assert way(service, ago=150) == [("request", "classification", True), ("classification", None, None)]


def test_there_is_none_under_another_name_nor_before_it_began(service):
    assert way(service, named="nobody") is None
    assert way(service, ago=301) is None
