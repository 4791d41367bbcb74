"""`streamgauge nudge` and `streamgauge journal`, on a real server, with and without the service."""

import asyncio
import json
import time
import uuid

import httpx
import pytest
from temporalio.client import Client
from typer.testing import CliRunner

import value_stream
from app.cli import cli
from app.errors import AskError, user_errors
from app.nudge_words import Words, ask_of
from tests.fixtures.streams import STORY_STREAM
from tests.fixtures.workflows import Story

STREAM = (
    STORY_STREAM
    + """deadline = "1s"
[[nudges]]
name      = "remind"
title     = "Remind them"
signal    = "remind"
cool_down = "1h"
"""
)
CONFIG = """
[[temporal]]
query = "TaskQueue = '{queue}'"
[actions]
allow = {allow}
[users]
role = "{role}"
"""


@pytest.fixture
def nudged(company, temporal_server, monkeypatch):
    """A company whose only items are two stories that nobody works on; its workflow ids."""
    queue = f"c{uuid.uuid4().hex[:10]}"

    def configure(allow="true", role="operator"):
        (company.folder / "story.stream.toml").write_text(STREAM)
        text = 'streams = ["story.stream.toml"]\n' + CONFIG.format(queue=queue, allow=allow, role=role)
        company.config.write_text(text + "[server]\nport = 0\n")

    async def start():
        client = await Client.connect(temporal_server)
        for number in range(2):
            await client.start_workflow(Story.run, [["wait", "go"]], id=f"{queue}-{number}", task_queue=queue)

    asyncio.run(start())
    configure()
    company.configure_with = configure
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal_server)
    company.say = lambda *words: CliRunner().invoke(cli, [*words, "--config", str(company.config)])
    company.items = [f"{queue}-0", f"{queue}-1"]
    company.signals = lambda item: asyncio.run(signals(temporal_server, item))
    assert company.say("sync").exit_code == 0
    return company


async def signals(address, item):
    """Name and sender of each signal in an item's history."""
    client = await Client.connect(address)
    history = await client.get_workflow_handle(item).fetch_history()
    told = [each.workflow_execution_signaled_event_attributes for each in history.events if each.event_type == 26]
    return [(each.signal_name, each.identity) for each in told]


@pytest.mark.server
def test_a_nudge_is_shown_first_done_with_yes_and_then_cools_down(nudged):
    item, other = nudged.items
    shown = nudged.say("nudge", "remind", "--items", item)
    before = nudged.signals(item)
    done = nudged.say("nudge", "remind", "--items", item, "--yes", "--reason", "so it goes on")
    again = nudged.say("nudge", "remind", "--where", "stage=told", "--yes", "--reason", "again")
    told = nudged.say("journal")

    assert shown.exit_code == 0, shown.output
    assert "Receives the signal remind. Nothing is lost." in shown.stdout
    assert "1 would be nudged. Add --yes to send." in shown.stderr
    assert before == []
    assert done.exit_code == 0, done.output
    assert f"{item}  accepted" in done.stdout
    assert [name for name, _ in nudged.signals(item)] == ["remind"]
    assert nudged.signals(item)[0][1].startswith("streamgauge:")
    assert "did this to it already; again not before" in again.stdout
    assert f"{other}  accepted" in again.stdout
    assert [line.split("  ")[-1] for line in told.stdout.splitlines()] == ["(so it goes on)", "(again)"]


@pytest.mark.server
def test_while_the_service_runs_nudges_go_through_it(nudged):
    item, _ = nudged.items
    notice = nudged.up()
    done = nudged.say("nudge", "remind", "--items", item, "--yes", "--reason", "please")
    key = {"Authorization": f"Bearer {notice.token}"}
    told = httpx.get(notice.url + "/api/journal", headers=key, timeout=60).json()
    denied = httpx.post(notice.url + "/api/nudge/plan", json={"what": "remind", "items": [item]}, timeout=60)

    assert done.exit_code == 0, done.output
    assert [name for name, _ in nudged.signals(item)] == ["remind"]
    assert [record["state"] for record in told["records"]] == ["planned", "requested", "accepted", "ended"]
    assert {record["via"] for record in told["records"]} == {"command line"}
    assert denied.status_code == 401


@pytest.mark.server
@pytest.mark.parametrize(
    ("allow", "role", "why"),
    [("false", "admin", "Nudges are off here"), ("true", "viewer", "has the role viewer, which may not signal")],
)
def test_who_may_not_does_nothing(nudged, allow, role, why):
    nudged.configure_with(allow, role)
    done = nudged.say("nudge", "remind", "--items", nudged.items[0], "--yes", "--reason", "x")

    assert isinstance(done.exception, user_errors())
    assert why in str(done.exception)
    assert nudged.signals(nudged.items[0]) == []


@pytest.fixture(scope="module")
def stream(tmp_path_factory):
    """The stream file as it is loaded."""
    path = tmp_path_factory.mktemp("stream") / "story.stream.toml"
    path.write_text(STREAM)
    return value_stream.load(path)


@pytest.mark.parametrize(
    ("what", "words", "sentence"),
    [
        ("dance", Words(), "No nudge 'dance' in story. It declares: remind."),
        ("signal", Words(), "signal needs the name of what to send"),
        ("signal", Words("tell", ("{",)), "is no JSON"),
        ("pause", Words(activity="pay"), "pause takes no activity"),
        ("reset", Words(), "reset needs a point"),
        ("reset", Words(to="before_activity"), "which needs it"),
        ("reset", Words(to="yesterday"), "'yesterday' is no instant"),
        ("activity_options", Words(), "activity_options needs something to change"),
        ("activity_options", Words(changes=("colour=red",)), "is none of start_to_close"),
    ],
)
def test_what_cannot_be_meant_is_one_clear_sentence(stream, what, words, sentence):
    with pytest.raises(user_errors(), match=sentence):
        ask_of(what, None, (), None, words).order(stream)


def test_a_nudge_without_items_or_a_filter_is_refused(stream):
    with pytest.raises(AskError, match="Say which items"):
        ask_of("remind", None, (), None, Words()).targets(None, stream, None)


@pytest.mark.server
def test_what_one_thing_holds_up_is_nudged_by_its_cause(nudged):
    cause = held_by(nudged, "stage overdue")
    shown = nudged.say("nudge", "remind", "--where", f"cause={cause}")
    done = nudged.say("nudge", "remind", "--items", nudged.items[1], "--yes", "--reason", "x")
    told = nudged.say("journal", "--json").stdout.splitlines()

    assert "2 would be nudged" in shown.stderr
    assert done.exit_code == 0, done.output
    assert {json.loads(line)["cause"] for line in told if '"accepted"' in line} == {cause}
    assert nudged.say("nudge", "remind", "--where", "cause=0000").exit_code == 1


def held_by(company, rule):
    """The cause of a rule, once it holds."""
    deadline = time.monotonic() + 60
    while True:
        company.say("sync")
        rows = json.loads(company.say("causes", "--format=json").stdout)["rows"]
        if found := [row["cause"] for row in rows if row["rule"] == rule]:
            return found[0]
        assert time.monotonic() < deadline, rows
        time.sleep(0.2)
