"""How far a source can be trusted, in one word, one mark and one sentence."""

from datetime import timedelta

import pytest

from app.config import ClusterConfig, Config
from app.ui.health import reconciled, trust, trusts, worst
from app.ui.states import NO_STREAM, sentences
from tests.pages.company import NOON


def row(behind=1.0, **columns):
    return {
        "source": "main/default",
        "kind": "temporal",
        "as_of_at": None if behind is None else NOON - timedelta(seconds=behind),
        "behind_seconds": behind,
        "open_here": 83,
        "open_there": 83,
        "equal_at": NOON - timedelta(seconds=1),
        "last_error": None,
        "last_error_at": None,
        **columns,
    }


@pytest.mark.parametrize(
    ("behind", "state", "mark"), [(1, "good", "✓"), (15, "good", "✓"), (16, "late", "◷"), (91, "down", "▲")]
)
def test_a_source_is_judged_by_how_far_it_is_behind(behind, state, mark):
    found = trust(row(behind), NOON, 2)

    assert (found.state, found.mark) == (state, mark)
    assert found.words.endswith("behind")


def test_a_source_that_is_read_rarely_is_not_called_late_for_it():
    assert trust(row(200), NOON, every_seconds=60).state == "good"


def test_a_source_whose_last_round_failed_is_down_and_says_why():
    found = trust(row(9, last_error="Connection refused.", last_error_at=NOON), NOON, 2)

    assert (found.state, found.words) == ("down", "failing, 9s behind")
    assert "Connection refused." in found.detail


def test_an_error_before_the_last_complete_round_is_past():
    assert trust(row(1, last_error="boom", last_error_at=NOON - timedelta(seconds=60)), NOON, 2).state == "good"


def test_a_source_that_was_never_read_is_waited_for_until_it_fails():
    assert trust(row(None), NOON, 2).words == "not read yet"
    assert trust(row(None, last_error="no route", last_error_at=NOON), NOON, 2).state == "down"


def test_sources_of_the_config_that_no_round_has_seen_are_listed_too():
    config = Config(temporal=(ClusterConfig(name="main"), ClusterConfig(name="other")))

    assert [(each.source, each.state) for each in trusts([row()], config, NOON)] == [
        ("main/default", "good"),
        ("other/default", "waiting"),
    ]


def test_open_here_is_held_against_open_there():
    equal, different, unknown = reconciled(row()), reconciled(row(open_there=85)), reconciled(row(open_there=None))

    assert (equal.mark, equal.words, equal.is_equal) == ("✓", "83 = 83 there", True)
    assert (different.mark, different.words, different.is_equal) == ("≠", "83 here, 85 there", False)
    assert unknown.is_equal is None


@pytest.mark.parametrize(
    ("there", "equal_seconds_ago", "told", "differs"),
    [
        (83, 1, "open here 83 = 83 there", False),
        (85, 15, "open: 83 here, 85 there", False),
        (85, 16, "open: 83 here, 85 there", True),
        (85, None, "open: 83 here, 85 there", True),
        (None, None, "", False),
    ],
)
def test_another_count_matters_once_it_lasts(there, equal_seconds_ago, told, differs):
    equal_at = None if equal_seconds_ago is None else NOON - timedelta(seconds=equal_seconds_ago)
    found = trust(row(open_there=there, equal_at=equal_at), NOON, 2)

    assert (found.counts, found.differs) == (told, differs)


def test_the_worst_source_speaks_for_all():
    good, late = trust(row(1), NOON, 2), trust(row(20), NOON, 2)

    assert worst([good, late]) == "late"
    assert worst([]) == "waiting"


def said(found, items=0, without=0, where=()):
    return sentences(found, item="request", items=items, items_without_filter=without, where=where, as_of=NOON)


def test_four_situations_have_four_sentences():
    good, never = trust(row(1), NOON, 2), trust(row(None), NOON, 2)
    down = trust(row(200, last_error="no route", last_error_at=NOON), NOON, 2)
    where = (("Region", "North"),)

    found = [said([down])[0], said([never])[0], said([good], without=3, where=where)[0], said([good])[0], NO_STREAM]

    assert [each.kind for each in found] == ["source down", "not read yet", "filtered", "empty", "no stream"]
    assert len({each.title for each in found}) == 5
    assert found[2].title == "No open request has Region = North"
    assert found[2].words == "3 requests are open without this filter."


def test_nothing_is_said_when_all_is_well():
    assert said([trust(row(1), NOON, 2)], items=5) == []


def test_a_source_that_is_down_is_said_even_when_items_are_shown():
    down = trust(row(200), NOON, 2)

    assert [each.kind for each in said([down], items=5)] == ["source down"]


def test_a_filter_that_matches_nothing_because_nothing_is_open_is_plain_emptiness():
    assert said([trust(row(1), NOON, 2)], where=(("Region", "North"),))[0].kind == "empty"


def test_what_was_read_from_files_is_never_late():
    found = trust(row(None, kind="files", as_of_at=NOON - timedelta(days=3)), NOON, 2)

    assert (found.state, found.words) == ("good", "from files")
