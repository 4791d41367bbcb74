"""The stream files and the code speak of the same things; the loader takes them as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

import sample_data
from sample_data.claim import answers as claim_answers
from sample_data.claim import messages as claim
from sample_data.claim.activities import Bank, ClaimDesk, FraudRules, Garage, Ledger
from sample_data.claim.payout import Payout
from sample_data.claim.workflow import NEXT_CHECK, Claim
from sample_data.roster import ADJUSTERS, MANAGERS, STAFF
from sample_data.search_attributes import PRIORITY, REGION, STAGE
from sample_data.service_request import answers as request_answers
from sample_data.service_request import messages as request
from sample_data.service_request.activities import Books, Desk, VendorSystem
from sample_data.service_request.workflow import ServiceRequest
from sample_data.tables import METADATA
from value_stream import Stream, load
from value_stream.rules import EventRule

STREAMS = Path(sample_data.__file__).parent / "streams"


@dataclass(frozen=True)
class Written:
    """A stream file, and the code that it speaks of. `apart`: activities that are no work on an item."""

    stream: Stream
    workflow: type
    systems: Sequence[type]
    apart: frozenset[str] = frozenset()

    @property
    def rules(self) -> list[EventRule]:
        """Every rule of stages and decisions."""
        decisions = self.stream.decisions
        entering = [rule for stage in self.stream.stages for rule in stage.enter]
        return entering + [
            rule for each in decisions for rule in (*each.answered, *each.claimed, *each.escalated) if rule is not None
        ]

    @property
    def activities(self) -> set[str]:
        """The activities that there are."""
        return {name for system in self.systems for name in vars(system) if not name.startswith("_")}


REQUESTS = Written(load(STREAMS / "service-request.stream.toml"), ServiceRequest, (Desk, Books, VendorSystem))
CLAIMS = Written(
    load(STREAMS / "claim.stream.toml"),
    Claim,
    (ClaimDesk, FraudRules, Garage, Bank, Ledger),
    frozenset({"pick_for_review"}),
)
both = pytest.mark.parametrize("written", [REQUESTS, CLAIMS], ids=["service-request", "claim"])


@both
def test_the_activities_it_names_exist(written):
    named = {activity for system in written.stream.systems for activity in system.activities}
    failing = {exception.when.activity_failing for exception in written.stream.exceptions}
    in_rules = {name for rule in written.rules for name in (rule.activity, rule.activity_done) if name}

    assert named == written.activities - written.apart
    assert failing | in_rules <= named


@both
def test_the_messages_it_names_exist(written):
    names = {name for rule in written.rules for name in (rule.update, rule.signal, *(rule.waiting_for or ())) if name}
    names |= {nudge.signal for nudge in written.stream.nudges if nudge.signal}

    assert [name for name in names if not callable(getattr(written.workflow, name, None))] == []


@both
def test_the_columns_it_names_exist(written):
    item = written.stream.item
    paths = [item.owner, item.value.path, *item.segments]
    paths += [path for stage in written.stream.stages for path in stage.requires]
    paths += [path for decision in written.stream.decisions for path in decision.inputs]
    columns = {f"db.crm.{column.table.name}.{column.name}" for t in METADATA.tables.values() for column in t.columns}

    assert [path for path in paths if path.startswith("db.") and path not in columns] == []
    assert {rows.table for rows in written.stream.rows} <= {column.rpartition(".")[0] for column in columns}


@both
def test_the_search_attributes_it_names_are_registered(written):
    item = written.stream.item
    named = {path.removeprefix("search_attribute.") for path in item.segments if path.startswith("search")}
    named |= {rule.search_attribute for rule in written.rules if rule.search_attribute}

    assert named <= {STAGE.name, REGION.name, PRIORITY.name}


@both
def test_those_who_may_decide_work_here(written):
    roles = {role for decision in written.stream.decisions for level in decision.authority for role in level.roles}

    assert roles <= {person.role for person in STAFF}


def test_the_stages_are_those_of_the_workflows():
    ends = {"declined", "withdrawn", "settled", "withdrawal"}

    assert {stage.name for stage in REQUESTS.stream.stages} == {str(stage) for stage in request.Stage}
    assert {stage.name for stage in CLAIMS.stream.stages} - ends == {str(stage) for stage in claim.Stage} - {"closing"}


def test_a_claim_tells_its_stages_by_everything_but_a_search_attribute():
    kinds = {"start", "activity", "activity_done", "signal", "update", "timer", "child", "waiting_for", "close"}
    entering = [rule for stage in CLAIMS.stream.stages for rule in stage.enter]

    assert {kind for rule in entering for kind in kinds | {"search_attribute"} if getattr(rule, kind)} == kinds
    assert {rule.timer for rule in entering if rule.timer} == {NEXT_CHECK}
    assert {rule.child for rule in entering if rule.child} == {Payout.__name__}


def test_the_options_are_those_that_the_validators_let_pass():
    assert REQUESTS.stream.decision("approve-spend").options == request_answers.DECISIONS
    assert REQUESTS.stream.decision("classify").options == request_answers.KINDS
    assert CLAIMS.stream.decision("route").options == claim_answers.ROUTES
    assert CLAIMS.stream.decision("assess").options == claim_answers.FINDINGS
    assert CLAIMS.stream.decision("settle").options == claim_answers.DECISIONS
    assert CLAIMS.stream.decision("settle-together").options == claim_answers.SIGNATURES


@pytest.mark.parametrize(
    ("written", "decision", "people"), [(REQUESTS, "approve-spend", MANAGERS), (CLAIMS, "settle", ADJUSTERS)]
)
def test_authority_is_what_the_users_have(written, decision, people):
    [limit, _] = written.stream.decision(decision).authority

    assert {person.approves_up_to for person in people} == {limit.up_to}


def test_two_sign_above_the_limit_of_one():
    assert CLAIMS.stream.decision("settle-together").needs == 2
    assert {int(person.approves_up_to * 100) for person in ADJUSTERS} == {claim.ADJUSTER_LIMIT_CENTS}
