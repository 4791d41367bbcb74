"""The stream file and the code speak of the same things; the loader takes it as it is."""

from pathlib import Path

import pytest

import sample_data
from sample_data.roster import MANAGERS, STAFF
from sample_data.search_attributes import PRIORITY, REGION, STAGE
from sample_data.service_request.activities import Books, Desk, VendorSystem
from sample_data.service_request.answers import DECISIONS, KINDS
from sample_data.service_request.messages import Stage
from sample_data.service_request.workflow import ServiceRequest
from sample_data.tables import METADATA
from value_stream import Stream, load

FILE = Path(sample_data.__file__).parent / "streams" / "service-request.stream.toml"


@pytest.fixture(scope="module")
def stream() -> Stream:
    return load(FILE)


def test_the_stages_are_those_of_the_workflow(stream):
    assert {stage.name for stage in stream.stages} == {str(stage) for stage in Stage}


def test_the_activities_it_names_exist(stream):
    named = {activity for system in stream.systems for activity in system.activities}
    named |= {exception.when.activity_failing for exception in stream.exceptions}
    exist = {name for system in (Desk, Books, VendorSystem) for name in vars(system) if not name.startswith("_")}

    assert named == exist


def test_the_messages_it_names_exist(stream):
    rules = [rule for decision in stream.decisions for rule in (*decision.answered, *decision.claimed)]
    updates = {rule.update for rule in rules if rule.update}
    signals = {nudge.signal for nudge in stream.nudges if nudge.signal}

    assert [name for name in updates | signals if not callable(getattr(ServiceRequest, name, None))] == []


def test_the_options_are_those_that_the_validators_let_pass(stream):
    assert stream.decision("approve-spend").options == DECISIONS
    assert stream.decision("classify").options == KINDS


def test_authority_is_what_the_users_have(stream):
    [limit, beyond] = stream.decision("approve-spend").authority

    assert {manager.approves_up_to for manager in MANAGERS} == {limit.up_to}
    assert {*limit.roles, *beyond.roles} <= {person.role for person in STAFF}


def test_the_columns_it_names_exist(stream):
    paths = [stream.item.owner, stream.item.value.path, *stream.item.segments]
    paths += [path for stage in stream.stages for path in stage.requires]
    columns = {f"db.crm.{column.table.name}.{column.name}" for t in METADATA.tables.values() for column in t.columns}

    assert [path for path in paths if path.startswith("db.") and path not in columns] == []
    assert {rows.table for rows in stream.rows} <= {column.rpartition(".")[0] for column in columns}


def test_the_search_attributes_it_names_are_registered(stream):
    named = {path.removeprefix("search_attribute.") for path in stream.item.segments if path.startswith("search")}
    named |= {rule.search_attribute for stage in stream.stages for rule in stage.enter if rule.search_attribute}

    assert named == {STAGE.name, REGION.name, PRIORITY.name}
