"""A stream as plain rule rows: what the warehouse applies to events, without knowing what a stream is."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from value_stream.decision import Decision
from value_stream.paths import column_of
from value_stream.rules import AnswerRule, EnterRule, EventRule
from value_stream.stream import Stream

Row = dict[str, object]
# Kinds of stages whose work is done by somebody who tells the workflow so by a message.
ELSEWHERE = ("human", "vendor", "regulatory")


def rule_rows(streams: Iterable[Stream]) -> dict[str, list[Row]]:
    """Rows for every rule table, keyed by table, with every column of it.

    Streams come in the order of their names. `rule_index` counts the rules of one purpose through a stream's whole
    file, from 0; rows that share one are alternatives. The implied start rule of the first stage comes last, so that a
    rule that is written out wins.
    """
    ordered = sorted(streams, key=lambda stream: stream.stream)
    tables = {"rule_stream": [_stream_row(stream, index) for index, stream in enumerate(ordered)]}
    for table, make in TABLES.items():
        tables[table] = [{"stream": stream.stream, **row} for stream in ordered for row in make(stream)]
    return tables


def stream_versions(streams: Iterable[Stream]) -> list[dict[str, str]]:
    """One row (stream, version, content) per stream, by name.

    The version is the SHA-256 of the stream's meaning: comments, layout, the order of keys and defaults that are
    written out do not change it. The content is that meaning as JSON; `Stream.model_validate_json` reads it back.
    """
    versions = []
    for stream in sorted(streams, key=lambda stream: stream.stream):
        meaning = stream.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        content = json.dumps(meaning, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        version = hashlib.sha256(content.encode()).hexdigest()
        versions.append({"stream": stream.stream, "version": version, "content": content})
    return versions


def _stream_row(stream: Stream, index: int) -> Row:
    return {
        "stream": stream.stream,
        "stream_index": index,
        "is_standing": stream.item.standing,
        "key_path": stream.item.key,
        "unit": stream.item.value.unit if stream.item.value else None,
    }


def _types(stream: Stream) -> Iterator[Row]:
    return ({"workflow_type": name} for name in stream.item.workflow_types)


def _sources(stream: Stream) -> Iterator[Row]:
    return ({"source": name} for name in stream.item.sources)


def _stages(stream: Stream) -> Iterator[Row]:
    for index, stage in enumerate(stream.stages):
        yield {
            "stage": stage.name,
            "stage_index": index,
            "lane": stage.lane,
            "is_end": stage.is_end,
            "is_bad": stage.bad,
            "target_micros": stage.target_micros,
            "deadline_micros": stage.deadline_micros,
        }


def entry_rules(stream: Stream) -> list[tuple[str, EnterRule]]:
    """Every rule by which an item enters a stage, with the stage, in the order in which they are tried.

    The order of the file; then, unless some stage has a start rule, the implied one of the first stage.
    """
    rules = [(stage.name, rule) for stage in stream.stages for rule in stage.enter]
    if not any(rule.start for _, rule in rules):
        rules.append((stream.stages[0].name, EnterRule(start=True)))
    return rules


def _events(stream: Stream) -> Iterator[Row]:
    decisions = stream.decisions
    yield from _numbered("enter", entry_rules(stream))
    yield from _numbered("done", [(stream.stream, rule) for rule in stream.item.done])
    yield from _numbered("asked", [(decision.name, decision.asked) for decision in decisions])
    for index, (decision, rule) in enumerate(_answers(stream)):
        path = rule.outcome_path(decision.outcomes)
        column = column_of(path) if path else None
        answer: Row = {
            "kind": rule.answering_kind(decision.outcomes),
            "outcome": None if path else rule.outcome,
            "outcome_path": column.column if column else path,  # the row is known: its column is enough
            "actor_kind": rule.actor_kind,
        }
        yield from (row | answer for row in _event_rows("answered", decision.name, index, rule))
    yield from _numbered("claimed", [(decision.name, rule) for decision in decisions for rule in decision.claimed])
    yield from _numbered("escalated", [(decision.name, rule) for decision in decisions for rule in decision.escalated])


def _numbered(purpose: str, rules: Iterable[tuple[str, EventRule]]) -> Iterator[Row]:
    for index, (target, rule) in enumerate(rules):
        yield from _event_rows(purpose, target, index, rule)


def _event_rows(purpose: str, target: str, index: int, rule: EventRule) -> Iterator[Row]:
    for name in rule.names:
        yield {
            "purpose": purpose,
            "target": target,
            "rule_index": index,
            "kind": rule.event_kind,
            "name": name,
            "column_name": rule.column,
            "value": rule.value,
            "seconds_micros": rule.seconds_micros,
            "workflow_type": rule.workflow_type,
            "after_stage": rule.after,
            "outcome": None,
            "outcome_path": None,
            "actor_kind": None,
        }


def _answers(stream: Stream) -> Iterator[tuple[Decision, AnswerRule]]:
    """The answers of all decisions, in the order that `rule_index` counts."""
    return ((decision, rule) for decision in stream.decisions for rule in decision.answered)


def _outcomes(stream: Stream) -> Iterator[Row]:
    for index, (_, rule) in enumerate(_answers(stream)):
        for value, outcome in rule.map.items():
            yield {"rule_index": index, "value": value, "outcome": outcome}


def _moves(stream: Stream) -> Iterator[Row]:
    for move in stream.moves:
        yield {"from_stage": move.from_stage, "to_stage": move.to_stage, "is_rework": move.rework}


def _decisions(stream: Stream) -> Iterator[Row]:
    for decision in stream.decisions:
        yield {
            "decision": decision.name,
            "stage": decision.stage,
            "needs": decision.needs,
            "deadline_micros": decision.deadline,
        }


def _messages(stream: Stream) -> Iterator[Row]:
    """The messages that end the waiting in a stage: those of its own rule and those that answer its decisions.

    Where the work lies with somebody outside of the systems and no decision is drawn, it is any message.
    """
    for stage in stream.stages:
        decisions = [decision for decision in stream.decisions if decision.stage == stage.name]
        needs = {name: 1 for rule in stage.enter for name in rule.waiting_for or ()}
        for decision in decisions:
            needs |= {name: decision.needs for rule in decision.answered for name in _message(rule)}
        if not decisions and not needs and stage.kind in ELSEWHERE:
            yield {"stage": stage.name, "name": None, "needs": 1}
        for name, count in needs.items():
            yield {"stage": stage.name, "name": name, "needs": count}


def _message(rule: AnswerRule) -> Iterator[str]:
    if rule.workflow_type is None:
        yield from (name for name in (rule.signal, rule.update) if name is not None)


def _nudges(stream: Stream) -> Iterator[Row]:
    for name in sorted({name for nudge in stream.nudges for name in (nudge.signal, nudge.update) if name}):
        yield {"name": name}


def _options(stream: Stream) -> Iterator[Row]:
    for decision in stream.decisions:
        for outcome in decision.outcomes:
            yield {
                "decision": decision.name,
                "outcome": outcome,
                "is_again": outcome in decision.again,
                "is_bad": outcome in decision.bad,
            }


def _actors(stream: Stream) -> Iterator[Row]:
    for decision in stream.decisions:
        for index, path in enumerate(decision.actor):
            yield {"decision": decision.name, "actor_index": index, "path": path}


def _paths(stream: Stream) -> Iterator[Row]:
    item = stream.item
    of_stream = [("key", item.key), ("value", item.value and item.value.path)]
    of_stream += [("initiator", item.initiator), ("owner", item.owner)]
    of_stream += [("segment", path) for path in item.segments]
    for purpose, path in of_stream:
        if path is not None:
            yield {"purpose": purpose, "target": stream.stream, "path": path}
    for stage in stream.stages:
        for path in stage.requires:
            yield {"purpose": "required", "target": stage.name, "path": path}
    for decision in stream.decisions:
        for path in decision.inputs:
            yield {"purpose": "input", "target": decision.name, "path": path}


def _rows(stream: Stream) -> Iterator[Row]:
    for rows in stream.rows:
        place = rows.place
        yield {"source": place.source, "table_name": place.table, "key_column": rows.key, "at_column": rows.at}


TABLES: Mapping[str, Callable[[Stream], Iterator[Row]]] = {
    "rule_type": _types,
    "rule_source": _sources,
    "rule_stage": _stages,
    "rule_event": _events,
    "rule_outcome": _outcomes,
    "rule_move": _moves,
    "rule_decision": _decisions,
    "rule_message": _messages,
    "rule_nudge": _nudges,
    "rule_option": _options,
    "rule_actor": _actors,
    "rule_path": _paths,
    "rule_row": _rows,
}
