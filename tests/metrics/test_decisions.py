"""Decisions counted again in plain Python: small made-up ledgers, with ties, open questions and unknown people."""

from collections import defaultdict
from datetime import timedelta
from random import Random

import pytest

from metrics import MetricError, Question, Window, decision_summary, decisions
from tests.fixtures.chance import by_chance
from tests.fixtures.streams import put_in_force
from tests.metrics.made_up import BEGIN, STREAM, World, _fill, at, item_of, put
from value_stream import Stream
from warehouse import register_source, rows

ANSWERS = [{"update": "decide", "outcome": "input.outcome"}]
OPTIONS = ["approve", "reject", "again"]
LEVELS = [{"up_to": 5, "roles": ["clerk"]}, {"roles": ["chief"]}]
ASKING = Stream.model_validate(
    STREAM.model_dump(by_alias=True, exclude_defaults=True)
    | {
        "item": {
            "workflow_types": ["Made"],
            "segments": ["search_attribute.Region"],
            "value": {"from": "search_attribute.Amount", "unit": "EUR"},
        },
        "decisions": [
            {"name": "grant", "stage": "a", "answered": ANSWERS, "options": OPTIONS, "again": ["again"]}
            | {"authority": LEVELS, "deadline": "4s"},
            {"name": "score", "stage": "b", "answered": ANSWERS, "options": OPTIONS, "needs": 2},
            {
                "name": "call",
                "stage": "c",
                "deadline": "3s",
                "answered": [*ANSWERS, {"deadline": True, "outcome": "none"}],
                "options": OPTIONS,
            },
        ],
    }
)
LIMIT = {"grant": 4, "score": None, "call": 3}
ROLE = {"ann": "clerk", "bob": "chief"}
COMPARED = (
    *("item", "decision", "asked_at", "decided_at", "actor_kind", "outcome", "actor"),
    *("kept", "authority_respected", "reversed_by"),
)
RECOUNTED = ("asked", "decided", "kind", "outcome", "actor", "kept", "respected", "reversed_by")
SECOND = timedelta(seconds=1)
ASKED = Question(at(20), Window(at(4), at(30)))


def made_up(random):
    """Questions of a few items, one after the other, the last one perhaps still open or withdrawn."""
    found = []
    for item in range(random.randint(0, 5)):
        for name in LIMIT:
            now = random.randint(0, 8)
            for index in range(random.randint(0, 3)):
                found.append(question_of(random, item, name, index, now))
                if found[-1]["decided_at"] is None:
                    break
                now = int((found[-1]["decided_at"] - BEGIN) / SECOND) + random.randint(0, 4)
    return found


def question_of(random, item, name, index, now):
    asked = at(now)
    state = random.choice(["decided", "decided", "decided", "open", "withdrawn"])
    late = now + random.choice([0, 1, 2, 5, 9])
    kind, actor, evidence = random.choice(
        [
            ("person", "ann", "input.by"),
            ("person", "bob", "principal"),
            ("person", "eve", "input.by"),
            ("person", "worker@1", "identity"),
            ("person", "ann", "identity"),
            ("rule", None, None),
            ("unknown", None, None),
        ]
    )
    limit = LIMIT[name]
    done = state == "decided"
    expires = name == "call" and late > now + limit and state != "open"
    if expires:
        state, done, late, kind, actor, evidence = "decided", True, now + limit, "timer", None, None
    return {
        "stream": "made-up",
        "item_key": item,
        "decision": name,
        "question_index": index,
        "stay_index": 0,
        "asked_at": asked,
        "deadline_at": None if limit is None else at(now + limit),
        "decided_at": at(late) if done else None,
        "withdrawn_at": at(late) if state == "withdrawn" else None,
        "outcome": "none" if expires else random.choice(OPTIONS) if done else None,
        "is_early": False,
        "actor": actor if done else None,
        "actor_kind": kind if done else None,
        "evidence": evidence if done else None,
        "channel": "deadline" if expires else "update decide" if done else None,
        "answer_run_key": None,
        "answer_event_id": None,
        "confirms": 0,
        "conflicts": random.randint(0, 1),
        "off_list": None,
    }


def told(warehouse_con, random):
    """Fill the warehouse; the questions and what each item is worth."""
    con = warehouse_con
    put_in_force(con, ASKING)
    for source in ("main/default", "other/default"):
        register_source(con, source, "temporal")
    register_source(con, "crm", "database")
    exits = random.choice(["completed", None])
    put(con, World([item_of(key, 0, 0, [("a", 30), ("b", 10)], exits) for key in range(6)]))
    worth = {key: random.choice([None, 1.0, 5.0, 8.0]) for key in range(6)}
    amount = {"stream": "made-up", "path": "search_attribute.Amount", "valid_from_at": BEGIN, "valid_to_at": None}
    _fill(con, "item_attribute", [amount | {"item_key": k, "value": str(v), "number": v} for k, v in worth.items()])
    crm = rows(con, "SELECT source_key FROM source WHERE source = 'crm'")[0]["source_key"]
    person = {"source_key": crm, "table_name": "users", "seen_at": BEGIN, "is_deleted": False}
    users = [person | {"row_id": f'["{name}"]', "content": f'{{"role": "{role}"}}'} for name, role in ROLE.items()]
    _fill(con, "row_version", users)
    questions = made_up(random)
    _fill(con, "decision", questions)
    return questions, worth


def recounted(questions, worth):
    """Every question seen in the window, as of the instant, by (item, decision, index)."""
    found = {}
    for asked in questions:
        if asked["asked_at"] > ASKED.as_of:
            continue
        ends = (asked["decided_at"], asked["withdrawn_at"])
        decided, withdrawn = (end if end and end <= ASKED.as_of else None for end in ends)
        kind, outcome = (asked["actor_kind"], asked["outcome"]) if decided else (None, None)
        if asked["decision"] == "call" and not (decided or withdrawn) and asked["deadline_at"] <= ASKED.as_of:
            decided, kind, outcome = asked["deadline_at"], "timer", "none"
        ended = decided or withdrawn
        if ended and ended < ASKED.window.from_at:
            continue
        actor = asked["actor"] if decided and kind != "timer" else None
        if kind == "person" and asked["evidence"] == "identity" and actor not in ROLE:
            kind = "unknown"
        kept = None
        if asked["deadline_at"] is not None:
            late = (ended or ASKED.as_of) > asked["deadline_at"] or kind == "timer"
            kept = False if late else True if decided else None
        found[asked["item_key"], asked["decision"], asked["question_index"]] = {
            "asked": asked["asked_at"],
            "decided": decided,
            "ended": ended,
            "kind": kind,
            "outcome": outcome,
            "actor": actor,
            "kept": kept,
            "respected": respected(asked, actor, kind, worth) if decided else None,
        }
    for (item, name, index), each in found.items():
        later = [
            other["outcome"]
            for (of, named, place), other in sorted(found.items())
            if (of, named) == (item, name) and place > index and other["outcome"] not in (None, each["outcome"])
        ]
        # of `grant` alone the option to ask again is no verdict
        is_again = {"grant": "again"}.get(name)
        later = [outcome for outcome in later if outcome != is_again]
        each["reversed_by"] = later[0] if later and each["outcome"] not in (None, is_again) else None
    return found


def respected(asked, actor, kind, worth):
    role, value = ROLE.get(actor), worth[asked["item_key"]]
    if asked["decision"] != "grant" or role is None:
        return None
    if role == "chief":
        return True
    return None if value is None else value <= 5


@by_chance(12)
def test_the_ledger_says_of_every_question_what_a_recount_says(warehouse, seed):
    con = warehouse.cursor()
    questions, worth = told(con, Random(seed))
    expected = recounted(questions, worth)

    answer = decisions(con, ASKING, ASKED).to_pylist()

    assert len(answer) == len(expected)
    as_told = sorted((tuple(row[name] for name in COMPARED) for row in answer), key=str)
    assert as_told == sorted(
        ((f"item-{item}", name, *(each[what] for what in RECOUNTED)) for (item, name, _), each in expected.items()),
        key=str,
    )
    assert all((row["latency_seconds"] is None) == (row["state"] != "decided") for row in answer)
    assert_summary(decision_summary(con, ASKING, ASKED).to_pylist(), expected)
    by_kind = decision_summary(con, ASKING, Question(ASKED.as_of, ASKED.window, by=("actor_kind",))).to_pylist()
    counted = defaultdict(int)
    for (_, name, _), each in expected.items():
        counted[name, each["kind"] or "(open)"] += 1
    sums = {(row["decision"], row["actor_kind"]): row["decided"] + row["open"] + row["withdrawn"] for row in by_kind}
    assert sums == counted
    con.close()


def assert_summary(summary, expected):
    for row in summary:
        mine = [each for (_, name, _), each in expected.items() if name == row["decision"]]
        decided = [each for each in mine if each["decided"]]
        known = [each for each in decided if each["kind"] != "unknown"]
        timely = [each["kept"] for each in mine if each["kept"] is not None]
        assert row["decided"] == len(decided)
        assert row["open"] == sum(each["ended"] is None for each in mine)
        assert row["coverage_share"] == (len(known) / len(decided) if decided else None)
        assert row["reversed"] == sum(each["reversed_by"] is not None for each in mine)
        assert row["deadline_kept_share"] == (sum(timely) / len(timely) if timely else None)
        assert row["authority_breaches"] == sum(each["respected"] is False for each in mine)
        assert row["overdue"] == sum(each["kept"] is False and each["ended"] is None for each in mine)
        assert row["p50_seconds"] == half(mine, row)


def half(mine, row):
    """The time by which half were answered by persons: product of what is left after each answer."""
    lives = [
        (
            max((ASKED.window.from_at - each["asked"]) / SECOND, 0),
            ((each["ended"] or ASKED.as_of) - each["asked"]) / SECOND,
            each["decided"] is not None and each["kind"] != "timer",
        )
        for each in mine
        if each["kind"] != "rule"
    ]
    lives = [life for life in lives if life[1] > life[0] or life[0] == 0]
    exits = sorted({end for _, end, is_exit in lives if is_exit})
    if sum(is_exit for *_, is_exit in lives) < 2:
        return None
    left = 1.0
    for age in exits:
        risk = sum(begun < age <= end or age == begun == 0 for begun, end, _ in lives)
        gone = sum(end == age and is_exit for _, end, is_exit in lives)
        left *= 1 - gone / risk
        if left <= 0.5 + 1e-9:
            return age
    return None


def test_persons_can_be_hidden_and_small_groups_told_as_one(warehouse):
    con = warehouse.cursor()
    told(con, Random(3))
    answered = {"decided_at": at(8), "withdrawn_at": None, "outcome": "approve", "actor_kind": "person"}
    base = question_of(Random(1), 0, "score", 0, 6) | answered
    people = ["ann", "ann", "ann", "bob", "eve"]
    made = [base | {"item_key": key, "actor": name, "evidence": "input.by"} for key, name in enumerate(people)]
    _fill(con, "decision", made)
    hidden = Question(ASKED.as_of, ASKED.window, hide_persons=True)

    assert {row["actor"] for row in decisions(con, ASKING, hidden).to_pylist()} == {"(hidden)"}
    with pytest.raises(MetricError, match="Persons are hidden"):
        decision_summary(con, ASKING, Question(ASKED.as_of, ASKED.window, by=("actor",), hide_persons=True))

    grouped = Question(ASKED.as_of, ASKED.window, by=("actor",), smallest_group=3)
    answer = {row["actor"]: row for row in decision_summary(con, ASKING, grouped).to_pylist()}

    assert answer.keys() == {"ann", "(small groups)"}
    assert (answer["ann"]["decided"], answer["(small groups)"]["decided"]) == (3, None)
    assert answer["(small groups)"]["thin"] == "fewer than 3 questions"
    con.close()


def test_where_rules_alone_decided_no_latency_is_told_and_why(warehouse):
    con = warehouse.cursor()
    told(con, Random(3))
    by_rule = {"decided_at": at(8), "withdrawn_at": None, "outcome": "approve", "actor_kind": "rule", "actor": "limits"}
    _fill(con, "decision", [question_of(Random(1), 0, "score", 0, 6) | by_rule | {"item_key": 0, "evidence": "path"}])

    whole = {row["decision"]: row for row in decision_summary(con, ASKING, ASKED).to_pylist()}
    (split,) = [
        row
        for row in decision_summary(con, ASKING, Question(ASKED.as_of, ASKED.window, by=("actor_kind",))).to_pylist()
        if row["decided"]
    ]

    said = ("decided", "answered", "p50_seconds", "not_reached", "thin")
    assert [whole["score"][name] for name in said] == [
        *(1, 0, None, None),
        "rules decided all of them: split by actor_kind for their time",
    ]
    assert [whole["grant"][name] for name in said] == [0, 0, None, None, "none was asked in the window"]
    assert (split["actor_kind"], split["answered"]) == ("rule", 1)
    con.close()


def test_a_stream_without_decisions_is_told_so(con):
    with pytest.raises(MetricError, match="declares no decisions"):
        decisions(con, STREAM, ASKED)
    with pytest.raises(MetricError, match=r"No decision 'grnat'.*Did you mean grant"):
        decisions(con, ASKING, Question(ASKED.as_of, ASKED.window, where=(("decision", "grnat"),)))
