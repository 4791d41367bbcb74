"""Which runs make which item, recounted in plain Python."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.warehouse.oracle_world import CLOSING, Row, World

Chain = tuple[int, str, str | None]
FAR = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass
class Item:
    """An item's own chains, each with its oldest run first, and all runs that belong to it."""

    chains: list[list[Row]]
    runs: list[Row]
    own: list[Row]

    def last(self, world: World) -> Row:
        """The run that says whether and how the item ended: one that is open, else lost, else the last to end."""

        def late(chain: list[Row]) -> tuple[int, datetime, datetime]:
            ended, lost = end_of(world, chain)
            rank = 2 if ended is None else 1 if lost else 0
            return rank, ended or FAR, begins_at(world, chain[-1])

        return max(self.chains, key=late)[-1]

    def seen_until(self, world: World) -> datetime | None:
        """When an item that was lost from sight was last seen."""
        ends = [end_of(world, chain)[0] for chain in self.chains]
        return None if None in ends else max(end for end in ends if end)

    def after(self, run: Row) -> Row | None:
        """The run that follows in the same chain."""
        for chain in self.chains:
            if run in chain:
                return next(iter(chain[chain.index(run) + 1 :]), None)
        return None

    def is_elsewhere(self, world: World, run: Row, at: datetime) -> bool:
        """Another chain of the item was open at that instant."""
        others = [chain for chain in self.chains if run not in chain]
        return any(begins_at(world, chain[0]) <= at < (end_of(world, chain)[0] or FAR) for chain in others)


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
    ordered = {chain: in_order(world, chains[chain]) for chain in members}
    return [
        Item([ordered[chain] for chain in knot], runs, in_order(world, own))
        for knot in _knots(world, stream, ordered)
        for runs, own in [([run for c in knot for run in members[c]], [run for c in knot for run in ordered[c]])]
    ]


def _knots(world: World, stream: str, ordered: dict[Chain, list[Row]]) -> list[list[Chain]]:
    """Chains of one key, each begun while one before it was open, are one item."""
    [rule] = world.rule("rule_stream", stream)
    found: list[list[Chain]] = []
    spans = {chain: (begins_at(world, runs[0]), end_of(world, runs)[0] or FAR) for chain, runs in ordered.items()}
    names = {chain: _key(world, runs, rule["key_path"]) for chain, runs in ordered.items()}
    for chain in sorted(ordered, key=lambda each: spans[each]):
        for knot in found:
            same = names[chain] is not None and names[chain] == names[knot[0]] and chain[0] == knot[0][0]
            if same and spans[chain][0] < max(spans[each][1] for each in knot):
                knot.append(chain)
                break
        else:
            found.append([chain])
    return found


def _key(world: World, runs: list[Row], path: str) -> str | None:
    """The latest value at the path in what a chain was started with, or set itself."""
    if path == "workflow_id":
        return None
    told = [
        value
        for run in runs
        for event in world.events[run["run_key"]]
        if event["type"] in (1, 40, 46)
        and event["event_id"] > cut_of(world, run)
        and (value := world.attributes[run["run_key"], event["event_id"]].get(path))
    ]
    return told[-1] if told else None


def end_of(world: World, runs: list[Row]) -> tuple[datetime | None, bool]:
    """When a chain ended, or was last seen if it was lost from sight; None while it is open."""
    last = runs[-1]
    close = close_of(world, last)
    known = (last["source_key"], last["next_run_id"]) in world.runs
    if close and (last["next_run_id"] is None or known):
        return world.instants[last["run_key"], close["event_id"]], False
    return last["observed_until_at"], last["observed_until_at"] is not None


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
    """How many runs that began at the same instant it continues."""
    before = world.runs.get((run["source_key"], run["base_run_id"] or run["continued_run_id"]))
    return 1 + _depth(world, before) if before and begins_at(world, before) == begins_at(world, run) else 0


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
