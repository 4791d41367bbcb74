"""Where each item was, and when, recounted in plain Python by walking its events one after another."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from tests.warehouse.oracle_items import Chain, Item, begins_at, chain_of, close_of, cut_of
from tests.warehouse.oracle_world import CLOSING, Row, World

CLOSED = "(closed)"


@dataclass
class Happening:
    """Something that may move an item: an event, a reset, or the close that a reset undid."""

    at: datetime
    run: Row
    event: Row
    kind: str = "event"


@dataclass
class Stay:
    """One stay. `left_at` None: the item is there."""

    stage: str
    entered_at: datetime
    kind: str
    overlapped: bool = False
    left_at: datetime | None = None
    next_stage: str | None = None
    exit_kind: str | None = None
    ended: str | None = None


class Walk:
    """One item's walk through the stages of one stream."""

    def __init__(self, world: World, stream: str, item: Item) -> None:
        self.world, self.item = world, item
        self.stages = {row["stage"]: row for row in world.rule("rule_stage", stream)}
        self.moves = {(row["from_stage"], row["to_stage"]): row["is_rework"] for row in world.rule("rule_move", stream)}
        rules = [row for row in world.rule("rule_event", stream) if row["purpose"] == "enter"]
        self.rules = sorted(rules, key=lambda row: row["rule_index"])
        self.done = [row for row in world.rule("rule_event", stream) if row["purpose"] == "done"]
        self.stays: list[Stay] = []
        self.stage_after: dict[tuple[str, int], str] = {}
        self.messages: set[tuple[Chain, int, str, str]] = set()
        self.opened_at, self.closed_at, self.ended = begins_at(world, item.own[0]), None, None

    def walk(self) -> "Walk":
        """Take every happening in order; those of one worker turn together."""
        for _, group in groupby(self._happenings(), key=_turn):
            for entry in self._entries(list(group)):
                self._enter(*entry)
            if self.ended == "done":
                break
        self._end()
        return self

    def _happenings(self) -> list[Happening]:
        found: list[tuple[Any, Happening]] = []
        for depth, run in enumerate(self.item.own):
            cut, follows = cut_of(self.world, run), run is not self.item.last(self.world)
            for event in self.world.events[run["run_key"]]:
                at = self.world.instants[run["run_key"], event["event_id"]]
                key = (at, depth, event["event_id"])
                if event["event_id"] == cut:
                    found.append((key, Happening(at, run, event, "reset")))
                elif event["event_id"] > cut and self._counts(event, follows):
                    found.append((key, Happening(at, run, event)))
                elif event["type"] in CLOSING and self._was_reopened(run, event, at):
                    found += [(key, Happening(at, run, event)), (key, Happening(at, run, event, "closed"))]
        return [happening for _, happening in sorted(found, key=lambda pair: pair[0])]

    def _counts(self, event: Row, follows: bool) -> bool:
        return event["type"] not in CLOSING or not follows

    def _was_reopened(self, run: Row, event: Row, at: datetime) -> bool:
        """The run had ended, by itself or by somebody, before the reset that goes on from it."""
        later = self.item.after(run)
        if later is None or not later["base_run_id"] or self.item.is_elsewhere(self.world, run, at):
            return False
        return event["identity"] != "history-resetter" and event["type"] != 28

    def _entries(self, group: list[Happening]) -> list[tuple[str, Happening, str, bool]]:
        """The stages that the events of one turn enter, the one that wins last."""
        found: list[tuple[str, Happening, str]] = []
        stage = self._present()
        for happening in group:
            if happening.kind == "closed":
                found.append((CLOSED, happening, "close"))
            elif happening.kind == "reset":
                found.append((self._stage_at_fork(happening), happening, "reset"))
            elif self._is_first_time(happening) and (rule := self._rule(happening, stage, self.rules)):
                found.append((rule["target"], happening, rule["kind"]))
            if happening.kind == "event" and self._rule(happening, stage, self.done):
                self.closed_at, self.ended = happening.at, "done"
            stage = found[-1][0] if found else stage
        ranked = range(len(found))
        winner = max(ranked, key=lambda place: (self._drawn(found[place][0]), place)) if found else None
        for happening in group:
            place = found[winner][0] if winner is not None else stage
            if place == CLOSED:  # no stage to return to
                place = next(stay.stage for stay in reversed(self.stays) if stay.stage != CLOSED)
            self.stage_after[happening.run["run_id"], happening.event["event_id"]] = str(place)
        others = [(*entry, True) for place, entry in enumerate(found) if place != winner]
        return [*others, (*found[winner], False)] if winner is not None else []

    def _present(self) -> str | None:
        """The stage the item is in: one that lost within a worker turn never held it."""
        return next((stay.stage for stay in reversed(self.stays) if not stay.overlapped), None)

    def _drawn(self, stage: str) -> int:
        return self.stages[stage]["stage_index"] if stage in self.stages else -1

    def _stage_at_fork(self, reset: Happening) -> str:
        """The stage after the last copied event, found in the run that it was copied from."""
        runs = {run["run_id"]: run for run in self.item.own}
        event_id, run = reset.event["event_id"] - 1, runs[reset.run["base_run_id"]]
        while cut_of(self.world, run) > event_id:
            run = runs[run["base_run_id"]]
        while event_id and (run["run_id"], event_id) not in self.stage_after:
            event_id -= 1
        return self.stage_after[run["run_id"], event_id]

    def _is_first_time(self, happening: Happening) -> bool:
        """A message that a reset applies again counts once."""
        event = happening.event
        if event["type"] not in (26, 41) or not event["reference"]:
            return True
        message = (chain_of(self.world, happening.run), event["type"], event["name"], event["reference"])
        first = message not in self.messages
        self.messages.add(message)
        return first

    def _rule(self, happening: Happening, stage: str | None, rules: list[Row]) -> Row | None:
        return next((rule for rule in rules if self._matches(rule, happening, stage)), None)

    def _matches(self, rule: Row, happening: Happening, stage: str | None) -> bool:
        event, kind = happening.event, rule["kind"]
        if rule["after_stage"] not in (None, stage) or rule["workflow_type"]:
            return False
        if kind == "start":
            return event["type"] == 1 and happening.run is self.item.own[0]
        if kind == "close":
            return CLOSING.get(event["type"]) == rule["value"].replace("_", " ")
        if kind in ("search_attribute", "memo"):
            carried = self.world.attributes[happening.run["run_key"], event["event_id"]]
            return event["type"] in (1, 40, 46) and carried.get(f"{kind}.{rule['name']}") == rule["value"]
        if kind == "timer":
            return event["type"] == 17 and all(
                wanted in (None, event[column])
                for wanted, column in ((rule["name"], "name"), (rule["seconds_micros"], "due_micros"))
            )
        return event["type"] == TYPES[kind] and self._name(happening) == rule["name"]

    def _name(self, happening: Happening) -> str | None:
        if happening.event["type"] != 12:
            return happening.event["name"]
        events = self.world.events[happening.run["run_key"]]
        return next(e["name"] for e in events if e["event_id"] == happening.event["answers_event_id"])

    def _enter(self, stage: str, happening: Happening, kind: str, overlapped: bool) -> None:
        changes_nothing = overlapped or kind == "reset" or (stage, stage) not in self.moves
        if self._present() == stage and changes_nothing:
            return
        self.stays.append(Stay(stage, happening.at, kind, overlapped, ended=CLOSING.get(happening.event["type"])))

    def _end(self) -> None:
        last = self.item.last(self.world)
        close = close_of(self.world, last)
        known = (last["source_key"], last["next_run_id"]) in self.world.runs
        if self.ended is None and close and (last["next_run_id"] is None or known):
            self.closed_at = self.world.instants[last["run_key"], close["event_id"]]
            self.ended = CLOSING[close["type"]]
        real = [stay for stay in self.stays if not stay.overlapped]
        visited: set[str] = set()
        for stay, following in zip(real, [*real[1:], None], strict=True):
            visited.add(stay.stage)
            if following:
                stay.left_at, stay.next_stage = following.entered_at, following.stage
                stay.exit_kind = self._exit_kind(stay, following, visited)
            else:
                lost = last["observed_until_at"] and self.item.seen_until(self.world)
                stay.left_at = self.closed_at or lost
                stay.exit_kind = self.ended or (lost and "lost")

    def _exit_kind(self, stay: Stay, following: Stay, visited: set[str]) -> str:
        move = (stay.stage, following.stage)
        if following.stage == CLOSED:
            return str(following.ended)
        if following.kind == "reset":
            return "reset"
        ends = following.stage in self.stages and self.stages[following.stage]["is_end"]
        if self.moves.get(move) or (following.stage in visited and not ends):
            return "rework"
        return "advanced" if move in self.moves else "undrawn"


TYPES = {"activity": 10, "activity_done": 12, "child": 29, "nexus": 48, "signal": 26, "update": 41}


def _turn(happening: Happening) -> tuple[object, ...]:
    """What happens in one worker turn happens together; everything else, and the close, by itself."""
    event = happening.event
    turn = event["turn_event_id"] or -event["event_id"]
    if event["type"] in CLOSING:
        turn = -event["event_id"]
    return happening.at, happening.run["run_id"], turn, happening.kind
