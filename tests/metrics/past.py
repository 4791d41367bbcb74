"""A history by chance of which any beginning can be put into a warehouse: what was known of it by an instant."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from tests.fixtures.chance import crowd, rows_seen_at_once, samples_of
from tests.fixtures.histories import Story, batch, instant
from tests.fixtures.streams import full_stream, put_in_force
from tests.fixtures.warehouses import SOURCE, deliver
from tests.metrics.test_nudges import nudges_by_chance
from value_stream import Stream
from warehouse import Batch, register_source
from warehouse.nudges import write_nudges

END = instant(10_000)


def complete(stream: Stream) -> Stream:
    """The full stream with all that any metric asks for."""
    told = stream.model_dump(by_alias=True, exclude_defaults=True)
    stages = list(told["stages"])
    stages[1] |= {"requires": ["search_attribute.Region", "db.crm.claims.amount"], "validation": True}
    systems = [{"name": "bank", "activities": ["pay"]}, {"name": "bureau", "activities": ["assess"]}]
    return Stream.model_validate({**told, "stages": stages, "systems": systems})


def without_hindsight(stream: Stream) -> Stream:
    """The full stream without waiting_for: what a run waits for shows only when it moves on."""
    told = stream.model_dump(by_alias=True, exclude_defaults=True)
    stages = list(told["stages"])
    stages[3]["enter"] = [rule for rule in stages[3]["enter"] if "waiting_for" not in rule]
    decisions = [decision for decision in told["decisions"] if decision["name"] != "note"]
    return Stream.model_validate({**told, "stages": stages, "decisions": decisions})


STREAM = without_hindsight(complete(full_stream()))


@dataclass
class Past:
    """Histories, samples, rows and nudges."""

    stories: list[Story]
    samples: Batch
    versions: pa.Table
    nudges: list[Any]

    def put(self, con: DuckDBPyConnection, at: datetime) -> None:
        """Write what was known by then into an empty warehouse."""
        for source, kind in ((SOURCE, "temporal"), ("crm", "database"), ("journal", "journal")):
            register_source(con, source, kind)
        put_in_force(con, STREAM)
        known = [deepcopy(story) for story in self.stories if story.row["started_at"] <= at]
        for story in known:
            as_known(story, at)
        events = {(story.run_id, number + 1) for story in known for number in range(written(story, at))}
        pending, queues = (
            _until(table, "sampled_at", at) for table in (self.samples.pending, self.samples.task_queues)
        )
        deliver(con, batch(*known, events=events, pending=pending, task_queues=queues))
        deliver(con, Batch(row_versions=_until(self.versions, "seen_at", at)), source="crm")
        write_nudges(con, "journal", [nudge for nudge in self.nudges if nudge.recorded_at <= at])


def as_known(story: Story, at: datetime) -> None:
    """Take out of the run's row what was known of it later."""
    if story.row["closed_at"] and story.row["closed_at"] > at:
        story.row |= {"closed_at": None, "status": "running", "next_run_id": None}
    if story.row["observed_until_at"] and story.row["observed_until_at"] > at:
        story.row["observed_until_at"] = None


def written(story: Story, at: datetime) -> int:
    """How many events were written by then: histories grow in the order of event ids."""
    later = [place for place, event in enumerate(story.events) if event["time_at"] > at]
    return min(later, default=len(story.events))


def a_past(random: Random, con: DuckDBPyConnection, chains: int) -> Past:
    """A history by chance, all of it written into this empty warehouse."""
    # whether a cron's failed run goes on is known only when its successor is
    stories = [story for story in crowd(random, chains) if story.row["cron_schedule"] is None]
    past = Past(stories, samples_of(random, stories), rows_seen_at_once(random, stories), [])
    past.put(con, END)
    _, past.nudges = nudges_by_chance(con, random)
    write_nudges(con, "journal", past.nudges)
    return past


def rounded(value: object) -> object:
    """Sums differ in their last digits with the order of ties, and differences of sums in where nothing is left."""
    return float(f"{round(value, 12):.9g}") if isinstance(value, float) else value


def _until(table: pa.Table, name: str, at: datetime) -> pa.Table:
    return table.filter(pc.less_equal(table[name], pa.scalar(at, table[name].type)))
