"""A real Chromium before the real server. Every page must ask nobody else and complain about nothing."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
ENDING_SECONDS = 60
# Below a page's own path Streamlit first asks there for its health, then at the root; the first answer is 404.
EXPECTED_ERRORS = ("/_stcore/health", "/_stcore/host-config")


@contextmanager
def serving(folder, *words):
    """The pages in a process of their own; gives their address. words: as tests.browser.serve takes them."""
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.serve", str(folder), *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        said = process.stdout.readline().strip()
        assert said.startswith("http"), (folder / "log").read_text()
        yield said
    finally:
        process.terminate()
        process.wait(ENDING_SECONDS)
        process.stdout.close()


@contextmanager
def a_browser():
    """Chromium of the system, else the one Playwright brought."""
    path = os.environ.get("STREAMGAUGE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the service that a file's pages come from keeps its files."""
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")  # Not longer, and not often: deriving each new request is paid for by other tests.
def address(folder):
    """Where the pages are."""
    with serving(folder, "--every", "3") as found:
        yield found


@pytest.fixture(scope="module")  # Not longer: while it is open, its event loop stands in the way of asyncio.run.
def chromium():
    """The browser of a file's tests."""
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def ways(chromium):
    """A browser of its own, as it were, for each way to look: dark, on a phone, and more; scripts are loaded once."""
    opened = {}

    def way(*, dark, phone, **options):
        key = (dark, phone, *sorted(options.items()))
        if key not in opened:
            opened[key] = chromium.new_context(
                viewport={"width": 390, "height": 844} if phone else {"width": 1440, "height": 900},
                color_scheme="dark" if dark else "light",
                timezone_id="Europe/Paris",
                **options,
            )
        return opened[key]

    yield way
    for context in opened.values():
        context.close()


@pytest.fixture
def visit(address, ways):
    """Opens a page and waits until it is drawn; afterwards, nobody else was asked and nothing complained."""
    opened, complaints = [], []

    def open_page(path="/", *, wait="[data-stage]:visible, [data-row]:visible", dark=False, phone=False, **options):
        page = new_page(ways(dark=dark, phone=phone, **options), address, complaints)
        opened.append(page)
        page.goto(address + path)
        page.locator(wait).first.wait_for()
        return page

    yield open_page
    for page in opened:
        page.close()
    assert [each for each in complaints if each] == []


@pytest.fixture(scope="module")
def tabs(address, ways):
    """One tab for each way to look, (dark, phone), with what was complained of in it."""
    opened = {}

    def tab(*, dark, phone):
        if (dark, phone) not in opened:
            complaints = []
            opened[dark, phone] = new_page(ways(dark=dark, phone=phone), address, complaints), complaints
        return opened[dark, phone]

    return tab


def new_page(context, address, complaints):
    """A page; what it complains of goes to `complaints`."""
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(complaint(message)))
    page.on("request", lambda request: complaints.append(outside(request, address)))
    return page


def complaint(message):
    """An error on the console, but for those that Streamlit makes on every page below the root."""
    url = (message.location or {}).get("url", "")
    is_expected = url.endswith(EXPECTED_ERRORS)
    return f"{message.text} {url}" if message.type == "error" and not is_expected else ""


def outside(request, address):
    """A request to anybody but our own server."""
    scheme, _, rest = request.url.partition("://")
    is_ours = request.url.startswith((address, "data:", "blob:")) or (scheme == "ws" and rest.startswith(address[7:]))
    return "" if is_ours else f"asked {request.url}"
