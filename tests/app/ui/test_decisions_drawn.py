"""Outcomes as charts: each looks different from all others, and whoever gave no name has a bar that says so."""

from app.ui.decisions.drawn import outcomes
from app.ui.palette import palette

INK = palette(False)
MANY = [f"outcome-{number}" for number in range(20)]


def row(actor, outcome):
    return {"actor": actor, "outcome": outcome, "decided": 1}


def test_no_two_outcomes_look_the_same_where_there_are_more_than_colours():
    drawn = outcomes([row("ann", kind) for kind in MANY], "actor", MANY, INK).figure["data"]
    looks = {(trace["marker"]["color"], trace["marker"]["pattern"]["shape"]) for trace in drawn}

    assert len(looks) == len(drawn) == len(MANY)


def test_an_actor_without_a_name_has_a_bar_that_says_so():
    (trace,) = outcomes([row("", "clear"), row("ann", "clear")], "actor", ["clear"], INK).figure["data"]

    assert sorted(trace["y"]) == ["(no name)", "ann"]
