"""The drawer and who is let in to it, in a real browser: a real Temporal, OpenID Connect provider and proxy."""

import asyncio
import os
import subprocess
import sys
import threading
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client

from tests.browser.conftest import a_browser
from tests.fixtures import oidc
from tests.fixtures.proxy import proxy
from tests.fixtures.temporal import free_port
from tests.fixtures.workflows import Story, storyteller

pytestmark = [pytest.mark.browser, pytest.mark.server, pytest.mark.timeout(240)]
ROOT = Path(__file__).parents[2]
PROXY_SECRET = "only the proxy knows"
PROOF, BOB, ON_CALL = ("X-Proxy-Secret", PROXY_SECRET), ("X-Forwarded-User", "bob"), ("X-Forwarded-Groups", "on-call")
FORGED = (
    (BOB, ON_CALL),
    (("X-Proxy-Secret", "a guess"), BOB, ON_CALL),
    (PROOF, ("X-Forwarded-User", "eve"), BOB, ON_CALL),
)
SECRETS = {"STREAMGAUGE_OIDC_SECRET": oidc.SECRET, "STREAMGAUGE_COOKIE_SECRET": "a long and random text for tests"}


@contextmanager
def process(*words, log=None, **environment):
    """A child process, ended at the end; what it complains about goes to `log`."""
    child = subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    try:
        yield child
    finally:
        child.terminate()
        child.wait(30)
        child.stdout.close()


@pytest.fixture
def stories(temporal_server):
    """A queue whose stories wait to be told a word, with a worker; and what signals each has received."""
    queue, stop = f"b{uuid.uuid4().hex[:10]}", threading.Event()

    async def work():
        client = await Client.connect(temporal_server)
        for number in range(3):
            await client.start_workflow(Story.run, [["wait", "go"]], id=f"{queue}-{number}", task_queue=queue)
        async with storyteller(client, queue):
            while not stop.is_set():
                await asyncio.sleep(0.1)

    worker = threading.Thread(target=lambda: asyncio.run(work()))
    worker.start()
    yield queue
    stop.set()
    worker.join()


def signals(address, queue):
    """Who signalled the stories, by their histories; asked in a process of its own, as Playwright holds the loop."""
    code = (
        "import asyncio, os, sys\n"
        "from temporalio.client import Client\n"
        "async def main():\n"
        "    client = await Client.connect(sys.argv[1])\n"
        "    for n in range(3):\n"
        "        history = await client.get_workflow_handle(f'{sys.argv[2]}-{n}').fetch_history()\n"
        "        for e in history.events:\n"
        "            if e.event_type == 26: print(e.workflow_execution_signaled_event_attributes.identity)\n"
        "asyncio.run(main())\n"
        "sys.stdout.flush()\n"
        "os._exit(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, address, queue], capture_output=True, text=True, check=True)
    return done.stdout.split()


def open_drawer(page, url, count=3):
    """The drawer, once the stories are read."""
    button = page.get_by_role("button", name=f"Nudge {count} stories")
    deadline = time.monotonic() + 60
    while True:
        page.goto(url)
        page.get_by_role("heading", name="Stuck").wait_for()
        page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
        if button.count():
            break
        assert time.monotonic() < deadline
        page.wait_for_timeout(500)
    button.click()
    page.get_by_role("dialog").wait_for()


def test_whoever_the_proxy_did_not_send_changes_nothing(stories, temporal_server, tmp_path):
    words = ("tests.browser.nudge_page", str(tmp_path), temporal_server, stories, "proxy")
    secret = {"STREAMGAUGE_PROXY_SECRET": PROXY_SECRET}
    log = tmp_path / "log"
    with log.open("w") as complaints, process(*words, log=complaints, **secret) as service, a_browser() as browser:
        address = service.stdout.readline().strip()

        def come(url):
            page = browser.new_context().new_page()
            page.set_default_timeout(40_000)
            page.goto(url)
            return page

        for headers in FORGED:
            with proxy(address, headers) as forged:
                page = come(forged)
                page.get_by_text("this request did not come through it").wait_for()
                assert page.get_by_role("heading", name="Stuck").count() == 0
                page.context.close()
        with proxy(address, [PROOF, BOB, ("X-Forwarded-Groups", "sales")]) as url:
            page = come(url)
            open_drawer(page, url)
            page.get_by_text("bob has no role, which may not signal").wait_for()
            page.context.close()
        assert signals(temporal_server, stories) == []
        assert "A stranger tried a page without the proxy's proof (proxy)" in log.read_text()

        with proxy(address, [PROOF, BOB, ON_CALL]) as url:
            page = come(url)
            open_drawer(page, url)
            tell_them_to_go(page, "so that it goes on")
            page.get_by_role("button", name="Do it to 3 items").click()
            page.get_by_text("moved").first.wait_for()
            page.context.close()
        assert signals(temporal_server, stories) == ["streamgauge:bob"] * 3


def tell_them_to_go(page, why):
    """The drawer, up to the reason."""
    page.get_by_role("combobox", name="Word").click()
    page.get_by_role("option", name="go").click()
    page.get_by_role("button", name="Show what would happen").click()
    page.get_by_label("Why").fill(why)


def test_a_person_without_the_right_sign_in_changes_nothing(stories, temporal_server, tmp_path):
    port = free_port()
    provider = f"http://127.0.0.1:{port}"
    words = ("tests.browser.nudge_page", str(tmp_path), temporal_server, stories, provider)
    log = tmp_path / "log"
    with (
        log.open("w") as complaints,
        process("tests.fixtures.oidc", str(port)),
        process(*words, log=complaints, **SECRETS) as service,
        a_browser() as browser,
    ):
        url = service.stdout.readline().strip()
        wait_until_it_answers(provider)

        def come(**person):
            httpx.post(f"{provider}/person", json=person)
            page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
            page.set_default_timeout(40_000)
            page.goto(url)
            page.get_by_role("button", name="Sign in").click()
            return page

        forged = come(email="eve@example.com", groups=["on-call"], is_forged=True)
        forged.wait_for_timeout(3000)
        forged.goto(url)
        forged.get_by_role("button", name="Sign in").wait_for()
        for_others = come(email="eve@example.com", groups=["on-call"], audience="another client")
        for_others.wait_for_timeout(3000)
        for_others.goto(url)
        for_others.get_by_role("button", name="Sign in").wait_for()

        stranger = come(email="sam@example.com", groups=["sales"])
        stranger.get_by_role("heading", name="Stuck").wait_for()
        open_drawer(stranger, url)
        stranger.get_by_text("Nothing may be done here").wait_for()
        assert stranger.get_by_text("no role").count()

        late = come(email="anna@example.com", groups=["on-call"], seconds=25)
        late.get_by_role("heading", name="Stuck").wait_for()
        signed_in_at = time.monotonic()
        open_drawer(late, url)
        tell_them_to_go(late, "too late")
        late.wait_for_timeout(max(0, 1000 * (26 - time.monotonic() + signed_in_at)))
        late.get_by_role("button", name="Do it to").click()
        late.get_by_text("Nobody is signed in").wait_for()
        late.goto(url)
        late.get_by_text("run out").wait_for()
        assert signals(temporal_server, stories) == []
        assert "A stranger tried signal in story (sign-in)" in log.read_text()

        anna = come(email="anna@example.com", groups=["on-call"])
        anna.get_by_role("heading", name="Stuck").wait_for()
        open_drawer(anna, url)
        tell_them_to_go(anna, "so that it goes on")
        anna.get_by_role("button", name="Do it to 3 items").click()
        anna.get_by_text("moved").first.wait_for()
        assert anna.evaluate("document.documentElement.scrollWidth") <= 390
        assert signals(temporal_server, stories) == ["streamgauge:anna@example.com"] * 3


def wait_until_it_answers(provider):
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx.get(f"{provider}/keys").raise_for_status()
            return
        except httpx.HTTPError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
