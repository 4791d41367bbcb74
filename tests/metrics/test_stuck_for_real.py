"""Real work that is stuck, beside real work that is well, on one real server: each is named rightly, and in time.

Everything happens at once and is mirrored round after round for less than a minute; the tests then look at what was
said after each round. Pollers are forgotten after seconds instead of a minute, or this would take longer.
"""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from connectors.temporal import samples
from tests.fixtures.temporal import dev_server
from tests.metrics.stuck_situations import HEALTHY, STUCK, Stuck
from tests.metrics.stuck_world import Seen, all_of_it

# The first test waits for all of it.
pytestmark = [pytest.mark.server, pytest.mark.timeout(600)]

POLL_SECONDS = 5
FORGOTTEN_SECONDS = 12
TOLERANCE = timedelta(seconds=5)
IN_TIME = timedelta(seconds=10)
SETTINGS = (
    "frontend.WorkflowPauseEnabled=true",
    f'matching.longPollExpirationInterval="{POLL_SECONDS}s"',
    'component.nexusoperations.request.timeout="3s"',
)


@pytest.fixture(scope="module")
def seen() -> Iterator[Seen]:
    """All that was said while everything happened."""
    said = Seen()
    with pytest.MonkeyPatch.context() as patch, dev_server(settings=SETTINGS) as server:
        patch.setattr(samples, "POLLER_SECONDS", FORGOTTEN_SECONDS)
        asyncio.run(all_of_it(server.address, said))
    yield said


@pytest.mark.parametrize("name", STUCK)
def test_what_is_stuck_is_named_with_its_cause_and_since_when(seen: Seen, name: str) -> None:
    expected, made_at = STUCK[name], seen.made_at[name]
    known = [found.get(name, []) for at, found in seen.rounds if at >= _known_at(expected, made_at) + IN_TIME]
    assert known, "the watch was too short"
    for rows in known:
        root = next((row for row in rows if row["rank"] == 1), None)
        assert root is not None, f"nothing was said; ever said: {seen.rules(name)}"
        assert root["rule"] == expected.rule, root["why"]
        assert abs(root["since_at"] - made_at - timedelta(seconds=expected.since)) <= TOLERANCE, root
        assert expected.says in root["why"]
        assert expected.cause.replace("{}", seen.prefix) in root["cause_title"]
        assert root["root_workflow_id"] == f"{seen.prefix}-{expected.root or name}"
        assert root["severity"] in ("stuck", "critical")
        assert root["progress_at"] <= root["since_at"] + TOLERANCE


def _known_at(expected: Stuck, made_at: datetime) -> datetime:
    return made_at + timedelta(seconds=expected.known_after)


@pytest.mark.parametrize("name", HEALTHY)
def test_what_is_well_is_never_said_to_be_stuck(seen: Seen, name: str) -> None:
    assert len(seen.rounds) > 5
    assert seen.rules(name) == set()


def test_one_thing_to_mend_is_one_cause(seen: Seen) -> None:
    refused = [
        row for row in seen.causes if row["cause_title"] == "pay fails: order x refused by <address> after <n> ns"
    ]
    assert [row["items"] for row in refused] == [3]
    assert len({row["cause"] for row in seen.causes}) == len(seen.causes)
    roots = [row for found in seen.rounds[-1][1].values() for row in found if row["rank"] == 1]
    assert sum(row["items"] for row in seen.causes) == len(roots)
