"""Which payload paths a connector must keep. Everything else in a payload is personal data that never comes in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from value_stream.decision import Decision
from value_stream.paths import root_of
from value_stream.rules import AnswerRule, EventRule
from value_stream.stream import Stream

PathKind = Literal[
    "start", "signal", "update", "update_result", "activity", "activity_result", "child", "memo", "header"
]
INPUT_KINDS: dict[str, PathKind] = {
    "start": "start",
    "signal": "signal",
    "update": "update",
    "activity": "activity",
    "child": "child",
}
RESULT_KINDS: dict[str, PathKind] = {
    "update": "update_result",
    "activity_done": "activity_result",
}


@dataclass(frozen=True, order=True)
class DeclaredPath:
    """A path that some stream reads.

    `kind` says which events carry it: start, signal and update (their input), update_result, activity (input, when
    scheduled), activity_result (when completed), child (input, when initiated), memo, header. `name` is the exact
    workflow type, message or activity type; empty for memo, which any run of any type may carry.
    """

    kind: PathKind
    name: str | None
    path: str


def declared_paths(streams: Iterable[Stream]) -> tuple[DeclaredPath, ...]:
    """Every payload path that the streams read, each once, in a fixed order.

    Search attributes are always kept and database columns are kept by the database's own configuration, so neither is
    here.
    """
    declared = {path for stream in streams for path in (*_of_item(stream), *_of_rules(stream), *_of_decisions(stream))}
    return tuple(sorted(declared, key=lambda each: (each.kind, each.name or "", each.path)))


def _of_item(stream: Stream) -> Iterator[DeclaredPath]:
    item = stream.item
    paths = [item.key, item.initiator, item.owner, item.value.path if item.value else None, *item.segments]
    paths += [path for stage in stream.stages for path in stage.requires]
    paths += [path for decision in stream.decisions for path in decision.inputs]
    for path in paths:
        for workflow_type in item.workflow_types:
            yield from _declared(path, "start", workflow_type)


def _of_rules(stream: Stream) -> Iterator[DeclaredPath]:
    rules: list[EventRule] = [*stream.item.done, *(rule for stage in stream.stages for rule in stage.enter)]
    for decision in stream.decisions:
        rules += [decision.asked, *decision.answered, *decision.claimed, *decision.escalated]
    rules += [exception.when for exception in stream.exceptions]
    for rule in rules:
        if rule.memo is not None:
            yield DeclaredPath("memo", None, f"memo.{rule.memo}")


def _of_decisions(stream: Stream) -> Iterator[DeclaredPath]:
    for decision in stream.decisions:
        for rule in decision.answered:
            for path in (rule.outcome_path(decision.outcomes), *decision.actor):
                for name in _carriers(stream, decision, rule):
                    yield from _declared(path, rule.answering_kind(decision.outcomes), name)


def _carriers(stream: Stream, decision: Decision, rule: AnswerRule) -> Iterator[str | None]:
    """The names of the events that an answer matches; the item's types for its start."""
    if rule.event_kind == "start":
        yield from stream.item.workflow_types
    else:
        yield from rule.names


def _declared(path: str | None, event_kind: str, name: str | None) -> Iterator[DeclaredPath]:
    root = root_of(path) if path else None
    if path is None or root is None:
        return
    if root == "memo":
        yield DeclaredPath("memo", None, path)
    elif root == "input" and event_kind in INPUT_KINDS:
        yield DeclaredPath(INPUT_KINDS[event_kind], name, path)
    elif root == "result" and event_kind in RESULT_KINDS:
        yield DeclaredPath(RESULT_KINDS[event_kind], name, path)
    elif root == "header" and event_kind in INPUT_KINDS:
        yield DeclaredPath("header", name, path)
