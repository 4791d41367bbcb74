"""Which runs make which item, recounted in plain Python."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from tests.warehouse.oracle_world import CLOSING, Row, World

Chain = tuple[int, str, str | None]


@dataclass
class Item:
    """An item's own chain, oldest run first, and all runs that belong to it."""

    own: list[Row]
    runs: list[Row]


def items(world: World, stream: str) -> list[Item]:
    """The items of one stream."""
    named = {row["workflow_type"] for row in world.rule("rule_type", stream)}
    sources = {row["source"] for row in world.rule("rule_source", stream)}
    elsewhere = {row["workflow_type"] for row in world.rules["rule_type"]} - named
    chains: dict[Chain, list[Row]] = defaultdict(list)
    for run in world.runs.values():
        if not sources or world.sources[run["source_key"]]["source"] in sources:
            chains[chain_of(world, run)].append(run)
    members: dict[Chain, list[Row]] = defaultdict(list)
    for chain, runs in chains.items():
        if owner := _owner(world, chains, chain, named, elsewhere):
            members[owner] += runs
    return [Item(in_order(world, chains[chain]), runs) for chain, runs in members.items()]


def chain_of(world: World, run: Row) -> Chain:
    """The runs with one first run id are one chain; each cron firing begins its own."""
    at: Row | None = run
    while at and not (at["initiator"] == "cron" and not at["base_run_id"]):
        at = world.runs.get((run["source_key"], at["base_run_id"] or at["continued_run_id"]))
    return run["source_key"], run["first_run_id"], at and at["run_id"]


def begins_at(world: World, run: Row) -> datetime:
    """When a run begins to count: its start, a reset at the turn that was failed for it."""
    cut = cut_of(world, run)
    return world.instants.get((run["run_key"], cut), run["started_at"]) if cut else run["started_at"]


def cut_of(world: World, run: Row) -> int:
    """Id of the last event that was copied from the run it was reset from; 0 for a run that was not reset."""
    events = world.events[run["run_key"]]
    cuts = [e["event_id"] for e in events if e["type"] == 9 and e["new_run_id"] == run["run_id"]]
    return max(cuts, default=0)


def in_order(world: World, runs: list[Row]) -> list[Row]:
    """The runs of a chain in the order in which they began."""
    return sorted(runs, key=lambda run: (begins_at(world, run), _depth(world, run), run["run_id"]))


def close_of(world: World, run: Row) -> Row | None:
    """The event that closed a run."""
    events = world.events[run["run_key"]]
    return events[-1] if events and events[-1]["type"] in CLOSING else None


def _depth(world: World, run: Row) -> int:
    before = world.runs.get((run["source_key"], run["base_run_id"] or run["continued_run_id"]))
    return 1 + _depth(world, before) if before else 0


def _owner(
    world: World, chains: dict[Chain, list[Row]], chain: Chain, named: set[str], elsewhere: set[str]
) -> Chain | None:
    """The chain of the nearest ancestor-or-self whose type the stream names."""
    first = in_order(world, chains[chain])[0]
    if first["workflow_type"] in named:
        return chain
    parent = world.runs.get((first["source_key"], first["parent_run_id"]))
    if parent is None or first["workflow_type"] in elsewhere or _abandoned(world, parent, first):
        return None
    above = chain_of(world, parent)
    return _owner(world, chains, above, named, elsewhere) if above in chains else None


def _abandoned(world: World, parent: Row, child: Row) -> bool:
    return any(
        event["event_id"] == child["parent_event_id"] and event["type"] == 29 and event["cause"] == "abandon"
        for event in world.events[parent["run_key"]]
    )
