"""Items for the benchmark, with the shapes of the sample stream: told as histories, written and derived like real ones.

More than half of them are cancelled early, some are rejected, the rest go the whole way. What the sample company does
in minutes takes hours here, as its stream file says it stands for. Stays are log-normal, a tenth of the approvals are
asked again, and one item in twenty has no value.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa

from tests.fixtures.histories import NOON, Story, batch, instant, run
from value_stream import Stream
from warehouse import Batch
from warehouse.batch import ROW_VERSIONS

STREAM_FILE = Path(__file__).parents[1] / "sample_data" / "streams" / "service-request.stream.toml"
AS_OF = NOON
DAYS = 90
DAY = 86_400
REGIONS = ("north", "south", "east", "west")
PRODUCTS = ("laptop", "licence", "repair", "training", "server")
PEOPLE = ("ana", "ben", "cleo", "dan", "eva", "finn", "gus", "hana")
ITEMS_AT_ONCE = 500

Row = dict[str, object]


def stream() -> Stream:
    """The sample stream, its minutes read as hours."""
    text = re.sub(r'"(\d+)m"', r'"\1h"', STREAM_FILE.read_text())
    return Stream.model_validate(tomllib.loads(re.sub(r'"(\d+)s"', r'"\1m"', text)))


def batches(items: int, seed: int = 7, prefix: str = "item") -> Iterator[Batch]:
    """So many items that began by chance in the 90 days before AS_OF, a batch of 500 at a time."""
    chance = Random(seed)
    for first in range(0, items, ITEMS_AT_ONCE):
        numbers = range(first, min(first + ITEMS_AT_ONCE, items))
        yield batch(*(_story(f"{prefix}-{number}", chance) for number in numbers))


def database_rows(items: int, prefix: str = "item") -> Batch:
    """What the company's database says of those items, and of its people."""
    chance = Random(11)
    found: list[Row] = [
        _version("users", name, {"role": "director" if place < 2 else "manager"}) for place, name in enumerate(PEOPLE)
    ]
    for number in range(items):
        key = f"{prefix}-{number}"
        amount = f"{chance.lognormvariate(6.5, 1):.2f}" if chance.random() < 0.95 else None
        known = {"workflow_id": key, "amount": amount, "product": chance.choice(PRODUCTS)}
        found.append(_version("requests", key, {**known, "customer_id": number % 997, "assignee": PEOPLE[number % 8]}))
    return Batch(row_versions=pa.Table.from_pylist(found, schema=ROW_VERSIONS))


def _version(table: str, key: str, content: Row) -> Row:
    seen_at: datetime = AS_OF - timedelta(days=DAYS)
    text = json.dumps({**content, "updated_at": seen_at.isoformat()})
    return {"table_name": table, "row_id": json.dumps([key]), "seen_at": seen_at, "content": text, "is_deleted": False}


def _story(key: str, chance: Random) -> Story:
    story = run(key, -DAY * DAYS * chance.random(), workflow_type="ServiceRequest", task_queue="requests")
    story.carry(1, "search_attribute.", Region=chance.choice(REGIONS), Priority=chance.choice(("high", "low")))
    story.carry(1, "memo.", channel=chance.choice(("customer", "internal")))
    fate = chance.random()
    if not _enter(story, "request", chance):
        return story
    if fate < 0.55:
        story.event(20)
        story.turn()
        return story.close("canceled")
    return _worked_on(story, chance, is_rejected=fate < 0.77)


def _worked_on(story: Story, chance: Random, *, is_rejected: bool) -> Story:
    for stage, answer in (("classification", "classify"), ("quote", ""), ("approval", "decide")):
        if not _enter(story, stage, chance):
            return story
        if stage == "approval" and chance.random() < 0.1:
            _answer(story, "decide", "ask-again", chance)
            return _worked_on(story, chance, is_rejected=is_rejected)
        if answer:
            said = {"classify": "standard", "decide": "reject" if is_rejected else "approve"}[answer]
            _answer(story, answer, said, chance)
    if is_rejected:
        return story.close()
    for stage in ("delivery", "billing", "support"):
        if not _enter(story, stage, chance):
            return story
    _answer(story, "follow_up", chance.choice(("satisfied", "unhappy")), chance)
    return story.close()


def _enter(story: Story, stage: str, chance: Random) -> bool:
    """Work on the item there; False if that is where it is as of AS_OF."""
    if story.attributes[-1]["path"] != "input.by":
        story.turn()
    story.upsert(Stage=stage)
    spent = timedelta(hours=chance.lognormvariate(2.0, 1.1)).total_seconds()
    ends = story.now + spent
    name = {"quote": "place_quote", "delivery": "place_order", "billing": "post_bill"}.get(stage)
    step = story.activity(name) if name else None
    if instant(ends) >= AS_OF:
        return False
    if step is None:
        story.now = ends
    else:
        story.ran(step, ends, story.now + spent / 3)
    return True


def _answer(story: Story, name: str, outcome: str, chance: Random) -> None:
    accepted = story.turn().update(name)
    story.carry(accepted, "input.", outcome=outcome, by=chance.choice(PEOPLE))
    story.updated(accepted)
