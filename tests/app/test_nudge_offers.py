"""What a drawer offers, and how it calls it."""

from actions.actor import Actor
from actions.config import ActionsConfig, Rule
from app.nudge_offers import labels, offers
from value_stream import Stream

ANNA = Actor("anna", "operator")
STREAM = Stream.model_validate(
    {
        "stream": "story",
        "item": {"workflow_types": ["Story"]},
        "stages": [{"name": "told"}],
        "nudges": [{"name": "retry", "title": "Try the pending step again now", "reset_activity": True}],
    }
)


def test_no_two_offers_say_the_same():
    everything = ActionsConfig(allow=True, rules=(Rule(roles=("operator",)),))
    told = labels(offers(everything, ANNA, STREAM, [], {}))

    assert len(set(told.values())) == len(told)
    assert told["retry"] == "Try the pending step again now"
    assert told["reset_activity"] == "Try the pending step again now (reset activity)"
    assert told["terminate"] == "End it at once · ends it"


def test_what_a_role_may_not_do_says_why():
    found = {offer.what: offer.why_not for offer in offers(ActionsConfig(allow=True), ANNA, STREAM, [], {})}

    assert found["retry"] is None
    assert "no rule of [actions] grants what the stream file does not declare" in found["terminate"]
