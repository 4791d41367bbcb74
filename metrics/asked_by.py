"""Splitting and narrowing questions: by what they have of their own, and by what their items have."""

from dataclasses import replace

from metrics.question import MetricError, Question
from metrics.segments import Split, Subject, near, split
from value_stream import Stream

QUESTIONS = Subject("question", "last_at", built_in=("stage", "type", "source"))
# Segments that only questions have.
OWN = {
    "decision": "question.decision",
    "state": "question.state",
    "actor": "coalesce(question.actor, CASE WHEN question.state = 'decided' THEN '(none)' ELSE '(open)' END)",
    "actor_kind": "coalesce(question.actor_kind, '(open)')",
    "outcome": "coalesce(question.outcome, '(open)')",
}


def split_questions(stream: Stream, question: Question) -> Split:
    """The SQL of `by` and `where`, which may also name decision, state, actor, actor_kind and outcome.

    Raises MetricError for a stream without decisions, for a decision that it does not have, and for naming persons
    where persons are hidden.
    """
    if not stream.decisions:
        raise MetricError(f"Stream {stream.stream} declares no decisions: add [[decisions]] to its file.")
    named = [*question.by, *(name for name, _ in question.where)]
    if question.hide_persons and "actor" in named:
        raise MetricError("Persons are hidden here: ask by actor_kind, or by another segment than actor.")
    drawn = tuple(decision.name for decision in stream.decisions)
    for name, value in question.where:
        if name == "decision" and value not in drawn:
            raise MetricError(f"No decision {value!r} in stream {stream.stream}.{near(value, drawn)}")
    others = replace(
        question,
        by=tuple(name for name in question.by if name not in OWN),
        where=tuple((name, value) for name, value in question.where if name not in OWN),
    )
    chosen = split(stream, others, QUESTIONS)
    conditions, params = chosen.conditions, dict(chosen.params)
    for index, (name, value) in enumerate(question.where):
        if name in OWN:
            conditions += f"\n  AND {OWN[name]} = $own_{index}"
            params[f"own_{index}"] = value
    known = dict(chosen.columns)
    columns = tuple((name, OWN.get(name) or known[name]) for name in dict.fromkeys(question.by))
    return replace(chosen, conditions=conditions, columns=columns, params=params)
