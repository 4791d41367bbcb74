"""A small company for the pages: the sample stream, made-up requests in every stage, two sources, all in memory."""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from duckdb import DuckDBPyConnection

import value_stream
import warehouse
from app.config import ClusterConfig, Config
from app.service import Service
from tests.fixtures.histories import NOON, Story, batch, run
from tests.fixtures.samples import polled, sampled, samples
from value_stream import Stream
from warehouse.batch import ROW_VERSIONS, Batch

STREAM = Path(__file__).parents[2] / "sample_data" / "streams" / "service-request.stream.toml"
WEB_UI = "http://127.0.0.1:8233"
TEMPORAL, CRM = "main/default", "crm"
REGIONS, PRODUCTS = ("North", "South", "West"), ("hardware", "licence", "service")


def service_of(
    streams: Sequence[Stream] | None = None,
    stories: Sequence[Story] = (),
    *,
    as_of: datetime | None = NOON,
    error: str | None = None,
    open_there: int | None = None,
    values: bool = True,
    path: Path | None = None,
) -> Service:
    """A service whose warehouse holds the stories, read completely up to `as_of` (None: no round yet).

    path: of the warehouse; None: in memory.
    """
    streams = (value_stream.load(STREAM),) if streams is None else tuple(streams)
    opened = warehouse.open_warehouse(path)
    con = opened.cursor()
    began = (as_of or NOON) - timedelta(days=1)
    warehouse.replace_rules(con, value_stream.rule_rows(streams), value_stream.stream_versions(streams), began)
    for source, kind in ((TEMPORAL, "temporal"), (CRM, "database")):
        warehouse.register_source(con, source, kind)
    if stories:
        # The rows first: their items are not there yet, so that they are derived once, with the histories.
        warehouse.write_batch(con, CRM, _requests(stories) if values else Batch(), began)
        warehouse.write_batch(con, TEMPORAL, batch(*stories), began)
    if as_of:
        warehouse.write_batch(con, TEMPORAL, troubles(stories, as_of), began)
        for source in (TEMPORAL, CRM):
            finish(con, source, as_of, error=error, open_there=open_there if source == TEMPORAL else None)
    con.close()
    return Service(Config(temporal=(ClusterConfig(web_ui=WEB_UI),)), opened, streams, started_at=began)


def finish(
    con: DuckDBPyConnection, source: str, as_of: datetime, *, open_there: int | None, error: str | None = None
) -> None:
    """End a round of `source` that read it up to `as_of`; with `error`, one more that failed 3 s later."""
    for is_complete, later in ((True, 0), *(((False, 3),) if error else ())):
        ended = as_of + timedelta(seconds=later)
        warehouse.finish_round(
            con,
            source,
            warehouse.Round(
                started_at=ended - timedelta(milliseconds=300),
                ended_at=ended,
                as_of_at=as_of if is_complete else None,
                watermark=None,
                is_complete=is_complete,
                requests=12,
                throttled=0,
                runs_changed=3,
                events_added=40,
                open_there=open_there,
                error=None if is_complete else error,
                retention_seconds=86_400 if source == TEMPORAL else None,
            ),
        )


def visit(workflow_id: str, stays: Sequence[tuple[str, float]], *, ended: str | None = None, at: float = 0) -> Story:
    """A request that entered each stage at so many seconds after NOON (+ `at`)."""
    first = stays[0][1] + at
    story = run(workflow_id, first, workflow_type="ServiceRequest", task_queue="service-requests")
    chance = random.Random(workflow_id)
    story.carry(1, "search_attribute.", Region=chance.choice(REGIONS), Priority=str(chance.randint(1, 3)))
    story.turn(first)
    for stage, entered in stays[1:]:
        story.turn(entered + at).upsert(Stage=stage)
    if ended:
        story.turn().close(ended)
    return story


def busy(now: datetime = NOON, items: int = 260, seed: int = 4) -> list[Story]:
    """Requests of the last hour: most ended, some open in every stage, a few reworked, some late, some stalled."""
    chance = random.Random(seed)
    shift = (now - NOON).total_seconds()
    lives = [_life(f"request-{number:04}", chance, shift) for number in range(items)]
    return [*lives, *(_stalled(f"stalled-{number}", number, shift) for number in range(STALLED))]


def _stalled(name: str, number: int, shift: float) -> Story:
    """A request that came to its delivery when the vendor was offline already."""
    began = -1500 + 100 * number
    story = visit(name, [("request", began), ("approval", began + 60), ("delivery", began + 120)], at=shift)
    story.activity(STEPS["delivery"])
    return story


def whole(name: str = "whole", at: float = -200_000) -> Story:
    """A request with a long past, over by NOON: steps tried again, answers, a timer, a fault, two days of rest."""
    story = visit(name, [("request", at)])
    story.turn(at + 60).upsert(Stage="classification")
    story.signal("claim", at + 90, identity="ann")
    story.turn(at + 95)
    update = story.update("classify")
    story.carry(update, "input.", outcome="standard", by="ann")
    story.updated(update)
    story.upsert(Stage="quote")
    quote = story.activity("place_quote")
    story.event(11, at + 400, answers_event_id=quote, attempt=4)
    story.event(12, at + 420, answers_event_id=quote)
    story.turn(at + 430).upsert(Stage="approval")
    reminder = story.activity("send_reminder")
    story.ran(reminder, at + 450, at + 440)
    waiting = story.timer(171_500, "wait for the manager")
    story.fired(waiting, at + 171_950)
    story.turn(at + 172_000)
    decided = story.update("decide")
    story.carry(decided, "input.", outcome="approve", by="mia")
    story.updated(decided)
    story.upsert(Stage="delivery")
    order = story.activity("place_order")
    story.event(11, at + 172_100, answers_event_id=order, attempt=1)
    story.event(
        13, at + 172_130, answers_event_id=order, failure_message="the vendor is offline", failure_type="Offline"
    )
    story.failing_turn(at + 172_140)
    story.turn(at + 172_300)
    order = story.activity("place_order")
    story.ran(order, at + 172_420, at + 172_310)
    story.turn(at + 172_425).upsert(Stage="billing")
    story.turn(at + 172_600).upsert(Stage="support")
    return story.turn(at + 172_700).close("completed")


NEXT = {"request": "classification", "classification": "quote", "quote": "approval", "delivery": "billing"}
MEANS = {
    "request": 40,
    "classification": 90,
    "quote": 80,
    "approval": 130,
    "delivery": 110,
    "billing": 60,
    "support": 45,
}


def _life(name: str, chance: random.Random, shift: float) -> Story:
    now = -chance.random() * 3600
    stays, stage, ended = [("request", now)], "request", None
    while True:
        now += chance.expovariate(1 / MEANS[stage])
        if now >= 0:
            break
        following = _after(stage, chance)
        if following is None:
            ended = "canceled" if stage == "request" else "completed"
            break
        stage = following
        stays.append((stage, now))
    story = visit(name, stays, ended=ended, at=shift)
    if not ended and stage in STEPS:
        story.activity(STEPS[stage])
    return story


# What is at work in a stage, and what becomes of it: place_order fails for all, nobody does quotes, billing goes well.
STALLED = 8
STEPS = {"delivery": "place_order", "quote": "place_quote", "billing": "post_bill"}


def troubles(stories: Sequence[Story], as_of: datetime) -> Batch:
    """What Temporal said just before of the steps that the stories have begun, and of their queue."""
    at = (as_of - NOON).total_seconds() - 2
    rows = [polled("activities", at, 0, last_poll_at=at - 1000)]
    for number, story in enumerate(stories):
        step = story.events[-1] if story.events and story.events[-1]["type"] == 10 else {}
        told = {"reference": step.get("reference"), "name": step.get("name"), "task_queue": "vendor"}
        if step.get("name") == "place_order":
            message = f"vendor at 10.0.0.7:443 is offline, order {number} refused"
            told |= {"attempt": 4 + number % 5, "state": "scheduled", "failure_message": message}
            rows.append(sampled(story, at, next_try_at=at + 30, last_ended_at=at - 9, **told))
        elif step.get("name") == "place_quote":
            rows.append(sampled(story, at, attempt=1, state="scheduled", **told | {"task_queue": "activities"}))
        elif step:
            rows.append(sampled(story, at, attempt=1, state="started", last_started_at=at - 1, **told))
    return samples(*rows)


def _after(stage: str, chance: random.Random) -> str | None:
    luck = chance.random()
    if stage == "request":
        return "classification" if luck > 0.05 else None
    if stage == "approval":
        return "classification" if luck < 0.18 else "delivery" if luck < 0.88 else None
    if stage == "billing":
        return "delivery" if luck < 0.08 else "support"
    if stage == "quote" and luck < 0.04:
        return "delivery"
    return None if stage == "support" else NEXT[stage]


def deciding(items: int = 90, seed: int = 5) -> list[Story]:
    """Requests of the last hour that people approve, reject or ask about again; one in eight is still open."""
    chance = random.Random(seed)
    return [_decided(f"asked-{number:03}", chance, open_=number % 8 == 0) for number in range(items)]


def _decided(name: str, chance: random.Random, *, open_: bool) -> Story:
    entered = -chance.random() * 300 if open_ else -chance.uniform(400, 3500)
    story = visit(name, [("request", entered - 60), ("classification", entered - 40), ("approval", entered)])
    if open_:
        return story
    by = chance.choices(["Hanna Brandt", "Chidi Okafor", "Ingrid Solberg", None], [5, 4, 2, 1])[0]
    outcome = chance.choices(["approve", "reject", "ask-again"], [8, 2, 1])[0]
    accepted = story.update("decide", at=entered + chance.lognormvariate(4.3, 0.8))
    story.carry(accepted, "input.", outcome=outcome, **({"by": by} if by else {}))
    if outcome == "ask-again":
        return story
    if outcome == "reject":
        story.turn().close("completed")
        return story
    return story.turn().upsert(Stage="delivery")


def _requests(stories: Sequence[Story]) -> Batch:
    """The rows of table requests: an amount for nine in ten, a product for all."""
    rows = []
    for story in stories:
        chance = random.Random(f"{story.run_id}/row")
        content = {
            "id": story.run_id,
            "workflow_id": story.run_id,
            "amount": f"{chance.lognormvariate(6, 0.8):.2f}" if chance.random() < 0.9 else None,
            "product": chance.choice(PRODUCTS),
            "updated_at": story.row["started_at"].astimezone(UTC).isoformat().replace("+00:00", "Z"),
        }
        rows.append(
            {
                "table_name": "requests",
                "row_id": json.dumps([story.run_id]),
                "seen_at": story.row["started_at"],
                "content": json.dumps(content),
                "is_deleted": False,
            }
        )
    return Batch(row_versions=pa.Table.from_pylist(rows, schema=ROW_VERSIONS))


__all__ = [
    "CRM",
    "NOON",
    "STREAM",
    "TEMPORAL",
    "WEB_UI",
    "busy",
    "deciding",
    "finish",
    "service_of",
    "visit",
    "whole",
]
