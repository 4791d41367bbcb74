"""A stream file says everything that a stream is."""

import pytest

from value_stream import Stream, load, load_all

HOUR = 3_600_000_000


def test_a_whole_file_is_read(whole):
    assert whole.name == "service-request"
    assert whole.item.value.path == "db.crm.requests.amount"
    assert [stage.name for stage in whole.stages] == [
        "request", "classification", "approval", "delivery", "done", "lost",
    ]  # fmt: skip
    assert whole.nudges[0].cool_down == HOUR * 3 // 2
    assert whole.nudges[1].verb == "reset_activity"


def test_lanes_come_in_the_order_in_which_they_appear(whole):
    assert whole.lanes == ("customer", "analyst", "manager", "vendor")


def test_a_stage_is_found_by_its_name(whole):
    stage = whole.stage("classification")

    assert (stage.target_micros, stage.deadline_micros) == (4 * HOUR, 24 * HOUR)
    with pytest.raises(KeyError):
        whole.stage("nowhere")


def test_an_end_stage_is_one_that_only_a_close_enters(whole):
    assert [stage.name for stage in whole.stages if stage.is_end] == ["done", "lost"]


def test_what_has_no_title_is_titled_by_its_name(whole, small):
    assert whole.decision("approve-spend").title == "Approve spend"
    assert whole.nudges[1].title == "Retry now"
    assert load(small()).title == "Claim"


def test_a_bare_name_that_is_required_means_the_input(whole):
    assert whole.stage("classification").requires == ("input.customer_id", "memo.product")
    assert whole.decision("approve-spend").inputs == ("db.crm.requests.amount", "input.budget")


def test_a_passed_deadline_is_an_outcome_without_being_listed(whole):
    assert whole.decision("approve-spend").outcomes == ("approve", "reject", "ask-again", "expired")


def test_a_stream_is_frozen(whole):
    with pytest.raises(ValueError, match="frozen"):
        whole.title = "Another"


def test_a_value_to_be_taken_is_text_whatever_it_is_written_as(whole):
    assert whole.stage("classification").enter[2].value == "2"


def test_streams_come_in_the_order_of_their_names(small, stream_file):
    first, second = small(), stream_file(small().read_text().replace('"claim"', '"billing"'), "b.stream.toml")

    assert [stream.name for stream in load_all([first, second])] == ["billing", "claim"]
    assert load_all([]) == ()


def test_two_streams_may_share_a_workflow_type(small, stream_file):
    first, second = small(), stream_file(small().read_text().replace('"claim"', '"appeal"'), "b.stream.toml")

    assert {stream.item.workflow_types for stream in load_all([first, second])} == {("Claim",)}


def test_a_stream_can_be_built_in_python_from_its_parts(whole):
    again = Stream(stream=whole.stream, item=whole.item, stages=whole.stages, rows=whole.rows, title=whole.title)

    assert again.stages == whole.stages
