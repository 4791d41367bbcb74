"""Which payload paths are kept: what the stream names, and nothing else."""

import pytest

from value_stream import DeclaredPath, declared_paths, load


def test_every_path_is_declared_for_the_events_that_carry_it(whole):
    assert [(each.kind, each.name, each.path) for each in declared_paths([whole])] == [
        ("activity_result", "score", "result.decision"),
        ("header", "decide", "header.user"),
        ("header", "reject", "header.user"),
        ("memo", None, "memo.channel"),
        ("memo", None, "memo.phase"),
        ("memo", None, "memo.product"),
        ("signal", "reject", "input.by"),
        ("start", "ServiceRequest", "input.1.tier"),
        ("start", "ServiceRequest", "input.budget"),
        ("start", "ServiceRequest", "input.customer_id"),
        ("update", "decide", "input.approved"),
        ("update", "decide", "input.by"),
    ]


def test_a_path_that_two_streams_read_is_declared_once(whole):
    assert declared_paths([whole, whole]) == declared_paths([whole])


def test_nothing_is_declared_without_a_stream_or_a_path(small):
    assert declared_paths([]) == ()
    assert declared_paths([load(small())]) == ()


ANSWER = """
[[decisions]]
name     = "settle"
stage    = "review"
options  = ["pay"]
actor    = ["{actor}"]
answered = [{{ {rule}, outcome = "{outcome}" }}]
"""


@pytest.mark.parametrize(
    ("rule", "outcome", "actor", "declared"),
    [
        ('update = "u"', "result.a", "identity", [DeclaredPath("update_result", "u", "result.a")]),
        ('update = "u"', "pay", "result.by", [DeclaredPath("update_result", "u", "result.by")]),
        ('activity_done = "a"', "result.b", "identity", [DeclaredPath("activity_result", "a", "result.b")]),
        ('child = "C"', "input.b", "identity", [DeclaredPath("child", "C", "input.b")]),
        ("start = true", "input.b", "identity", [DeclaredPath("start", "Claim", "input.b")]),
        ("start = true", "memo.b", "identity", [DeclaredPath("memo", None, "memo.b")]),
        ('search_attribute = "S"', "search_attribute.S", "identity", []),
        ('signal = "s"', "pay", "memo.by", [DeclaredPath("memo", None, "memo.by")]),
        ('signal = "s"', "pay", "result.by", []),  # a signal has no result
        ('timer = "t"', "pay", "input.by", []),
    ],
)
def test_an_answer_declares_what_its_event_can_carry(small, rule, outcome, actor, declared):
    stream = load(small(ANSWER.format(rule=rule, outcome=outcome, actor=actor)))

    assert list(declared_paths([stream])) == declared
