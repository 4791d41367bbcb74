"""Between the plan and the act the world goes on, and programs are killed: nothing is done twice, nothing is lost."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from temporalio.client import Client

from actions.actor import Actor, stranger
from actions.config import ActionsConfig, Rule
from actions.continuing import plan_in
from actions.errors import ActionError, NotAllowed
from actions.order import Order
from actions.plan import Plan
from actions.recent import Recent, is_settled
from actions.recording import STRANGER_SECONDS
from tests.actions.conftest import ANNA, EVERYTHING, VERA, Yard

pytestmark = pytest.mark.server
ROOT = Path(__file__).parents[2]
TELL = Order(verb="signal", name="remind")
MANY = 200


def test_what_moved_on_closed_or_was_reset_since_the_plan_is_left_alone(in_yard):
    async def story(yard):
        names = [await yard.start(name, [["wait", "go"]]) for name in ("still", "moved", "closed", "reset")]
        still, moved, closed, reset = names
        await yard.is_idle(*names)
        plan = await yard.plan(TELL, *names)
        await yard.client.get_workflow_handle(moved).signal("tell", {"word": "other"})
        await yard.client.get_workflow_handle(closed).terminate()
        await yard.do(Order(verb="reset", point="first_task"), reset)
        await yard.is_idle(moved)

        sent = {names[each.line]: each for each in await yard.send(plan)}
        again = await yard.send(plan)

        assert [sent[name].outcome for name in names] == ["accepted", "skipped", "skipped", "skipped"]
        assert sent[moved].words.startswith("It has moved on since the plan: ")
        assert sent[closed].words == "It has closed: terminated."
        assert "It goes on in another run now" in sent[reset].words
        assert [each.outcome for each in again] == ["skipped"] * 4
        assert [len(await yard.events(name, 26)) for name in (still, closed, reset)] == [1, 0, 0]
        told = [each.state for each in yard.records() if each.plan == plan.plan]
        assert told.count("requested") == told.count("accepted") == 1
        assert told.count("skipped") == 3

    in_yard(story)


def test_a_canary_that_fails_keeps_the_rest_from_being_sent(in_yard):
    async def story(yard):
        names = [await yard.start(f"w{number}", [["wait", "go"]]) for number in range(6)]
        await yard.is_idle(*names)
        plan = await yard.plan(Order(verb="update", name="nonsense"), *names)
        sent = await yard.send(plan)

        assert [each.outcome for each in sent] == ["refused", "refused", "refused", "stopped"]
        assert "3 of 3 were refused or failed" in sent[-1].words
        records = Recent(yard.records())
        assert sum(not is_settled(each) for each in records.lines_of(plan.plan).values()) == 3
        assert yard.records()[-1].state == "stopped"

    in_yard(story)


def test_who_may_not_changes_nothing_and_only_the_known_are_in_the_journal(in_yard, caplog):
    async def story(yard):
        name = await yard.start("waits", [["wait", "go"]])
        await yard.is_idle(name)
        plan = await yard.plan(TELL, name)
        for actor in (VERA, Actor("rolf", None, "proxy"), stranger("proxy"), stranger("proxy"), stranger("proxy")):
            with pytest.raises(NotAllowed):
                await yard.send(plan, actor=actor)
            with pytest.raises(NotAllowed):
                await yard.plan(TELL, name, actor=actor)
        with pytest.raises(ActionError, match="needs a reason"):
            await yard.send(plan, reason=" ")
        with pytest.raises(ActionError, match="not the plan that was shown"):
            await yard.send(plan, shown="0" * 64)
        changed = plan.model_copy(update={"order": Order(verb="terminate")})
        with pytest.raises(ActionError, match="not the plan that was shown"):
            await yard.send(changed, shown=plan.hash)
        yard.actions = ActionsConfig(allow=False, rules=EVERYTHING.rules)
        with pytest.raises(NotAllowed, match="Nudges are off here"):
            await yard.send(plan)

        assert await yard.events(name, 26) == []
        denied = [(each.state, each.actor, each.role) for each in yard.records()]
        assert denied == [("denied", "vera", "viewer"), ("denied", "rolf", None), ("denied", "anna", "operator")]
        assert len([each for each in caplog.records if "stranger" in each.getMessage()]) <= 1
        assert STRANGER_SECONDS == 10

    in_yard(story)


def test_a_declared_name_does_not_cover_another_deed(in_yard):
    """An order that calls itself by a declared nudge's name, but does something else, is not declared."""

    async def story(yard):
        yard.actions = ActionsConfig(allow=True, cool_down=None)
        name = await yard.start("waits", [["wait", "go"]])
        await yard.is_idle(name)
        with pytest.raises(NotAllowed, match="may not terminate"):
            await yard.plan(Order(verb="terminate", nudge="remind"), name)
        with pytest.raises(NotAllowed, match="may not signal"):
            await yard.plan(Order(verb="signal", nudge="remind", name="tell"), name)
        yard.actions = ActionsConfig(allow=True, rules=(Rule(roles=("operator",), streams=("other",)),))
        with pytest.raises(NotAllowed, match="in story"):
            await yard.plan(TELL, name)

    in_yard(story)


def test_a_bulk_nudge_that_is_killed_loses_no_trace_and_is_finished_once(in_yard, tmp_path):
    async def story(yard):
        yard.actions = EVERYTHING.model_copy(update={"cap": MANY})
        # On a queue of nobody, so that nothing moves by itself between plan and act.
        start = partial(yard.start, steps=[["wait", "go"]], task_queue=f"{yard.queue}-nobody")
        names = await asyncio.gather(*(start(f"w{number}") for number in range(MANY)))
        plan = await yard.plan(TELL, *names)
        assert len(plan.eligible) == MANY
        path = tmp_path / "plan.json"
        path.write_text(plan.model_dump_json())
        killed = await asyncio.to_thread(kill_in_the_middle, yard, path)

        before = Recent(yard.records()).lines_of(plan.plan)
        assert killed == -signal.SIGKILL
        assert len(before) == MANY  # The journal accounts for all of them.
        done = {number for number, record in before.items() if record.state == "accepted"}
        assert 20 <= len(done) < MANY
        found, reason = plan_in(Recent(yard.records()), plan.plan)
        sent = await yard.send(found, reason=reason)

        assert found.order == plan.order
        assert [line.target for line in found.lines] == [line.target for line in plan.lines]
        assert sum(each.outcome == "accepted" for each in sent) == MANY - len(done)
        assert all(is_settled(each) for each in Recent(yard.records()).lines_of(plan.plan).values())
        counts = await asyncio.gather(*(signals(yard, name) for name in names))
        assert counts == [1] * MANY
        assert {each.reason for each in yard.records()} == {"a bulk"}
        assert await yard.send(found, reason=reason) and yard.records()[-1].state == "ended"

    in_yard(story)


async def signals(yard, name):
    return len(await yard.events(name, 26))


def kill_in_the_middle(yard, path):
    """Send the plan in a process of its own, and kill it once it has done some."""
    command = [sys.executable, "-m", "tests.actions.test_sending", str(path), str(yard.journal.path), yard.address]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        deadline = time.monotonic() + 90
        while sum(each.state == "accepted" for each in yard.records()) < 20:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.005)
    finally:
        process.kill()
    return process.wait()


async def send_all(path: Path, journal: Path, address: str) -> None:
    """What the process that is killed does."""
    from actions.journal import Journal

    yard = Yard(await Client.connect(address), Journal(journal), address)
    yard.actions = EVERYTHING.model_copy(update={"cap": MANY, "rate": 100})
    await yard.send(Plan.model_validate_json(path.read_text()), actor=ANNA, reason="a bulk")


if __name__ == "__main__":
    asyncio.run(send_all(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
    os._exit(0)
