"""A file that cannot be used is refused with all its faults, each with its place."""

import copy
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from value_stream import Stream, StreamFileError, load, load_all

WHOLE = tomllib.loads((Path(__file__).parent / "service-request.stream.toml").read_text())


def faults_of(path) -> list[tuple[str, str]]:
    with pytest.raises(StreamFileError) as raised:
        load(path)
    return [(fault.place, fault.problem) for fault in raised.value.faults]


def test_six_faults_of_one_file_are_reported_at_once_with_their_places(stream_file):
    path = stream_file("""\
stream = "claim"

[item]
workflow_types = []

[[stages]]
name   = "intake"
colour = "red"
target = "-1h"

[[stages]]
name  = "review"
enter = [{ activity = "assess", after = "intke" }, { close = "completed", signal = "x" }]

[[moves]]
from = "intake"
to   = "reveiw"
""")

    with pytest.raises(StreamFileError) as raised:
        load(path)

    assert (
        str(raised.value)
        == f"""\
{path}: 6 problems
  item.workflow_types: at least one is needed (line 4)
  stages.0.colour: unknown key (line 8)
  stages.0.target: not a duration; write it like 30s, 4h, 2d or 1h30m (got '-1h', line 9)
  stages.1.enter.1: a rule has exactly one of start, activity, activity_done, child, nexus, timer, signal, update, \
search_attribute, memo, row, close, waiting_for; it has signal and close (line 13)
  stages.1.enter.0.after: no stage of this name is drawn; did you mean 'intake'? (got 'intke', line 13)
  moves.0.to: no stage of this name is drawn; did you mean 'review'? (got 'reveiw', line 17)"""
    )


def test_the_faults_of_all_files_are_reported_at_once(small, stream_file):
    first = small(target='"soon"')
    second = stream_file("stream = 3", "b.stream.toml")

    with pytest.raises(StreamFileError) as raised:
        load_all([first, second])

    assert {fault.file for fault in raised.value.faults} == {str(first), str(second)}
    assert f"{first}: 1 problem\n" in str(raised.value)


def test_two_files_of_one_stream_are_refused(small, stream_file):
    first, second = small(), stream_file(small().read_text(), "b.stream.toml")

    with pytest.raises(StreamFileError, match=f"already in {first}"):
        load_all([first, second])


@pytest.mark.parametrize(
    ("more", "place", "problem"),
    [
        ('[[moves]]\nfrom = "intake"\nto = "review"', "moves.2", "already given at moves.0"),
        ('[[moves]]\nfrom = "paid"\nto = "review"', "moves.2.from", "nothing happens after it"),
        ('[[stages]]\nname = "review"\nenter = [{ signal = "x" }]', "stages.3.name", "already given at stages.1.name"),
        ('[[stages]]\nname = "idle"', "stages.3.enter", "nothing lets an item enter this stage"),
        (
            '[[stages]]\nname = "end"\ntarget = "1h"\nenter = [{ close = "failed" }]',
            "stages.3.target",
            "takes no time",
        ),
        (
            '[[stages]]\nname = "late"\ntarget = "2h"\ndeadline = "1h"\nenter = [{ signal = "x" }]',
            "stages.3.deadline",
            "shorter than the target 2h",
        ),
        ('[[stages]]\nname = "a b"\nenter = [{ signal = "x" }]', "stages.3.name", "not a name"),
        ('[[rows]]\ntable = "db.a.b"\nkey = "a\\"b"', "rows.0.key", "not a column"),
        ('[[rows]]\ntable = "crm.requests"\nkey = "id"', "rows.0.table", "write it like db.SOURCE.TABLE"),
        ('[[nudges]]\nname = "x"\nsignal = "x"\nstage = "revew"', "nudges.0.stage", "did you mean 'review'"),
        ('[[nudges]]\nname = "x"\nsignal = "x"\ncancel = true', "nudges.0", "it has signal and cancel"),
        ('[[nudges]]\nname = "x"', "nudges.0", "it has none"),
        ('[[nudges]]\nname = "x"\nsignal = "x"\ncool_down = "0s"', "nudges.0.cool_down", "longer than nothing"),
        ('[[nudges]]\nname = "x"\nsignal = "x"\ncool_down = 60', "nudges.0.cool_down", "text with a unit"),
        (
            '[[systems]]\nname = "a"\nactivities = ["x"]\n[[systems]]\nname = "b"\nactivities = ["x"]',
            "systems.1.activities.0",
            "already given at systems.0.activities.0",
        ),
        ('[[exceptions]]\nname = "x"\nstage = "nowhere"\nwhen = { signal = "y" }', "exceptions.0.stage", "no stage"),
        ('[calendar]\nhours = "9-17"', "calendar", "reserved for working hours"),
        ('[[stagse]]\nname = "x"', "stagse", "unknown key; did you mean 'stages'?"),
    ],
)
def test_a_fault_is_named_at_its_place(small, more, place, problem):
    [(found_place, found_problem)] = faults_of(small(more))

    assert found_place == place
    assert problem in found_problem


@pytest.mark.parametrize(
    ("rule", "place", "problem"),
    [
        ("{ activty = 'x' }", ".activty", "unknown key; did you mean 'activity'?"),
        ("{ after = 'intake' }", "", "it has none"),
        ("{ search_attribute = 'Stage' }", "", "needs the value"),
        ("{ signal = 'x', equals = 'y' }", "", "`equals` belongs to"),
        ("{ signal = 'x', column = 'y' }", "", "`column` belongs to row"),
        ("{ signal = 'x', seconds = 3 }", "", "timer and signal"),
        ("{ row = 'db.crm.requests' }", "", "row needs the `column`"),
        ("{ row = 'db.crm', column = 'a', equals = 'b' }", ".row", "db.SOURCE.TABLE"),
        ("{ seconds = -1 }", ".seconds", "greater than 0"),
        ("{ seconds = nan }", ".seconds", "finite number"),
        ("{ timer = 'x', seconds = '3' }", ".seconds", "valid number"),
        ("{ start = true, after = 'intake' }", "", "nothing comes before"),
        ("{ close = 'finished' }", ".close", "'completed', 'failed'"),
        ("{ close = 'completed', workflow_type = 'Child' }", "", "always of the item itself"),
        ("{ waiting_for = [] }", ".waiting_for", "at least one is needed"),
        ("{ start = false }", ".start", "True"),
        ("{ memo = 'a', equals = ['b'] }", ".equals", "text, a number, true or false"),
    ],
)
def test_a_faulty_entry_rule_is_named(small, rule, place, problem):
    faults = faults_of(small(enter=rule))

    assert faults[0][0] == f"stages.1.enter.0{place}"
    assert problem in faults[0][1]


DECISION = """
[[decisions]]
name     = "settle"
stage    = "review"
options  = ["pay", "refuse"]
answered = [{ signal = "pay", outcome = "pay" }]
"""
PAY = '{ signal = "pay", outcome = "pay" }'


@pytest.mark.parametrize(
    ("old", "new", "place", "problem"),
    [
        (PAY, '{ signal = "pay", outcome = "payy" }', "answered.0.outcome", "did you mean 'pay'"),
        (PAY, '{ signal = "pay", outcome = "result.a" }', "answered.0", "write one of input.a.b, header.k"),
        (PAY, '{ signal = "pay", outcome = "input..a" }', "answered.0", "write it like input.a.b"),
        (PAY, '{ signal = "pay", outcome = "pay", map = { a = "pay" } }', "answered.0.map", "is a path"),
        (PAY, '{ signal = "pay", outcome = "input.a", map = { a = "p" } }', "answered.0.map.a", "not one of"),
        (PAY, '{ deadline = true, outcome = "late" }', "answered.0.deadline", "no deadline"),
        (PAY, '{ waiting_for = ["x"], outcome = "pay" }', "answered.0", "does not answer"),
        (PAY, '{ timer = "x", outcome = "input.a" }', "answered.0", "timer carries no data"),
        (PAY, '{ row = "db.a.b", outcome = "c" }', "answered.0.row", "no [[rows]]"),
        ('"review"', '"reviw"', "stage", "did you mean 'review'"),
        ('"review"', '"paid"', "stage", "nothing happens after it"),
        ('["pay", "refuse"]', '["pay", "pay"]', "options", "named twice: pay"),
        ('["pay", "refuse"]', '["pay"]\nagain = ["more"]', "again.0", "not one of the options"),
        ('["pay", "refuse"]', '["pay"]\nbad = ["refuse"]', "bad.0", "not one of the options"),
        ('["pay", "refuse"]', '["pay"]\nneeds = 0', "needs", "greater than or equal to 1"),
        ('["pay", "refuse"]', '["pay"]\nactor = ["input.by", "clerk"]', "actor.1", "not a path"),
        ('["pay", "refuse"]', '["pay"]\ninputs = ["db.crm.amount"]', "inputs.0", "db.SOURCE.TABLE.COLUMN"),
        (
            '["pay", "refuse"]',
            '["pay"]\nauthority = [{ up_to = 5, roles = ["a"] }]',
            "authority.0.up_to",
            "no `value`",
        ),
        (
            '["pay", "refuse"]',
            '["pay"]\nauthority = [{ roles = ["a"] }, { roles = ["b"] }]',
            "authority",
            "must rise",
        ),
    ],
)
def test_a_faulty_decision_is_named(small, old, new, place, problem):
    assert old in DECISION
    [(found_place, found_problem)] = faults_of(small(DECISION.replace(old, new)))

    assert found_place == f"decisions.0.{place}"
    assert problem in found_problem


def test_an_outcome_that_is_no_option_and_no_column_is_named(small):
    row = '{ row = "db.crm.answers", outcome = "to pay" }'
    rows = '[[rows]]\ntable = "db.crm.answers"\nkey = "claim"'

    [(place, problem)] = faults_of(small(DECISION.replace(PAY, row) + rows))

    assert place == "decisions.0.answered.0.outcome"
    assert problem == "neither an option nor a column of the row; did you mean 'pay'?"


@pytest.mark.parametrize(
    ("item", "place", "problem"),
    [
        ('["Claim", "Claim"]', "item.workflow_types", "named twice: Claim"),
        ('["Claim"]\nkey = "db.crm.requests.id"', "item.key", "not a path"),
        ('["Claim"]\ninitiator = "customer"', "item.initiator", "not a path"),
        ('["Claim"]\nowner = "result.a"', "item.owner", "not a path"),
        ('["Claim"]\nowner = "db.crm.requests.assignee"', "item.owner", "no [[rows]]"),
        ('["Claim"]\nlink = "javascript:alert({item})"', "item.link", "not a web address"),
        ('["Claim"]\nlink = "https://crm.example.com/"', "item.link", "write {item} once"),
        ('["Claim"]\nvalue = { from = "input.a" }', "item.value.unit", "required, but not there"),
        ('["Claim"]\nstanding = "yes"', "item.standing", "valid boolean"),
        ('["Claim"]\ndone = [{ signal = "x", after = "nowhere" }]', "item.done.0.after", "no stage"),
    ],
)
def test_a_faulty_item_is_named(small, item, place, problem):
    [(found_place, found_problem)] = faults_of(small(types=item))

    assert found_place == place
    assert problem in found_problem


def test_a_row_that_moves_an_item_needs_the_column_of_its_time(small):
    rows = '[[rows]]\ntable = "db.crm.requests"\nkey = "id"'
    rule = '{ row = "db.crm.requests", column = "status", equals = "paid" }'

    [(place, problem)] = faults_of(small(rows, enter=rule))

    assert place == "stages.1.enter.0.row"
    assert "`at`" in problem


def test_a_file_without_stages_or_an_item_says_so(stream_file):
    assert faults_of(stream_file('stream = "x"')) == [
        ("item", "required, but not there"),
        ("stages", "required, but not there"),
    ]


def test_the_first_stage_is_no_end_stage(stream_file):
    text = 'stream = "x"\n[item]\nworkflow_types = ["X"]\n[[stages]]\nname = "a"\nenter = [{ close = "completed" }]'

    assert faults_of(stream_file(text)) == [
        ("stages.0.enter", "the first stage cannot be an end stage: an item begins in it")
    ]


def test_a_syntax_error_comes_with_its_line(stream_file):
    path = stream_file('stream = "x"\n\n[item\n')

    with pytest.raises(StreamFileError, match=r"not TOML: .*\(line 3\)"):
        load(path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'stream = "\xff"', "not UTF-8 text"),
        (b"x = " + b"[" * 5000, "nested too deeply"),
        (b"#" * 1_000_001, "larger than 1,000,000 bytes"),
    ],
)
def test_what_is_no_stream_file_is_refused_in_one_sentence(tmp_path, content, problem):
    path = tmp_path / "odd.stream.toml"
    path.write_bytes(content)

    [(place, found)] = faults_of(path)

    assert place == ""
    assert problem in found


def test_a_missing_file_and_a_folder_say_what_they_are(tmp_path):
    assert faults_of(tmp_path / "none.toml")[0][1].endswith("does not exist")
    assert faults_of(tmp_path)[0][1] == "not a file"


@pytest.mark.parametrize("name", ["x" * 5000, "small.stream.toml/x", "nul\0.toml"])
def test_a_file_that_cannot_be_read_says_so(small, name):
    assert faults_of(small().parent / name)[0][1].startswith("cannot be read")


def test_a_long_value_is_shown_cut(small):
    with pytest.raises(StreamFileError) as raised:
        load(small(target=f'"{"x" * 5000}"'))

    assert len(str(raised.value).splitlines()[1]) < 200


def test_no_line_is_named_where_it_might_be_wrong(stream_file):
    text = 'stream = "x"\ntitle = """\n[[stages]]\nname = 3\n"""\n'

    with pytest.raises(StreamFileError) as raised:
        load(stream_file(text))

    assert {fault.line for fault in raised.value.faults} == {None}


def places_in(value: object, place: tuple = ()) -> list[tuple]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [found for step, inner in steps for found in places_in(inner, (*place, step))]
    return [place, *below] if place else below


TOML = st.recursive(
    st.one_of(
        st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(["1h", "input.", "db.a", "intake"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=5,
)


@given(st.sampled_from(places_in(WHOLE)), TOML)
def test_whatever_stands_at_a_place_is_accepted_or_refused_as_a_fault(place, odd):
    content = copy.deepcopy(WHOLE)
    table = content
    for step in place[:-1]:
        table = table[step]
    table[place[-1]] = odd

    try:
        Stream.model_validate(content)
    except ValidationError as error:
        assert error.error_count() > 0
