"""Saved views are the team's, and each is its owner's; a look lasts until one goes away."""

from datetime import timedelta

import pytest

from app.errors import PageStoreError
from app.page_store import AWAY, PageStore, url_beside
from tests.fixtures.histories import NOON

MINUTE = timedelta(minutes=1)


@pytest.fixture
def store():
    made = PageStore()
    yield made
    made.close()


def save(store, name, owner="ada", address="window=8h"):
    store.save(name, owner, "live_flow", address, NOON)
    return next(view for view in store.views() if view.name == name)


def test_a_saved_view_is_seen_by_all_and_survives_a_restart(tmp_path):
    url = url_beside(tmp_path / "a warehouse.duckdb")
    first = PageStore(url)
    save(first, "Monday meeting")
    first.close()
    second = PageStore(url)
    found = second.views()
    second.close()

    assert [(view.name, view.owner, view.screen, view.address) for view in found] == [
        ("Monday meeting", "ada", "live_flow", "window=8h")
    ]
    assert (tmp_path / "a warehouse.duckdb.pages").exists()


def test_saving_under_ones_own_name_again_replaces_it(store):
    save(store, "North")
    store.save(" North ", "ada", "live_flow", "x=1", NOON)

    assert [(view.name, view.address) for view in store.views()] == [("North", "x=1")]


def test_a_name_that_somebody_else_uses_is_refused(store):
    save(store, "North")

    with pytest.raises(PageStoreError, match="ada has a view called North"):
        save(store, "North", owner="bob")


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_name_that_is_none_is_refused(store, name):
    with pytest.raises(PageStoreError, match="1 to 80"):
        save(store, name)


def test_only_the_owner_and_admins_rename_and_delete(store):
    view = save(store, "North")

    with pytest.raises(PageStoreError, match="belongs to ada"):
        store.delete(view, "bob")
    with pytest.raises(PageStoreError, match="belongs to ada"):
        store.rename(view, "South", "bob")
    store.rename(view, "South", "ada")
    store.rename(view, "West", "bob", is_admin=True)
    assert [each.name for each in store.views()] == ["West"]
    store.delete(view, "bob", is_admin=True)
    assert store.views() == []


def test_a_view_that_is_gone_and_a_name_that_is_taken_are_said(store):
    view, other = save(store, "North"), save(store, "South")

    with pytest.raises(PageStoreError, match="called South already"):
        store.rename(view, "South", "ada")
    store.delete(other, "ada")
    with pytest.raises(PageStoreError, match="is gone"):
        store.delete(other, "ada")


def test_a_store_that_cannot_be_written_is_one_sentence(tmp_path):
    broken = PageStore(url_beside(tmp_path / "no such folder" / "a.duckdb"))

    with pytest.raises(PageStoreError, match="Could not use the store of saved views: unable to open database file"):
        broken.views()


def test_who_was_away_is_told_since_when_and_who_only_reloads_is_not(store):
    assert store.looked("ada", "claims", NOON) == NOON
    assert store.looked("ada", "claims", NOON + 3 * MINUTE) == NOON
    back = NOON + 3 * MINUTE + AWAY + MINUTE
    assert store.looked("ada", "claims", back) == NOON + 3 * MINUTE
    assert store.looked("ada", "claims", back + MINUTE) == NOON + 3 * MINUTE
    assert store.looked("bob", "claims", back) == back
    assert store.looked("ada", "loans", back) == back


def test_what_was_taken_note_of_is_not_told_again(store):
    store.looked("ada", "claims", NOON)
    store.seen("ada", "claims", NOON + MINUTE)

    assert store.looked("ada", "claims", NOON + 2 * MINUTE) == NOON + MINUTE
