"""Time the pages as people meet them: `make bench-browser ARGS="--refreshes 720"`. Prints a table.

The made-up company of the browser tests in a server process of its own; each second a request begins and another ends.
Run it on a quiet machine, or say with the figures how busy it was: the load is printed beside them.
"""

import argparse
import asyncio
import os
import re
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import httpx
import psutil
from playwright.sync_api import Browser, Page

from app.screens import SCREENS
from tests.browser.conftest import a_browser, serving
from tests.browser.live_viewers import LiveViewer, watch_together
from tests.browser.screens import LOOKS, STAGES

ITEMS_OF_EXPORT = 6_000  # Their history has more than 100,000 events.
WARM_UP = 60  # Refreshes before memory is looked at: caches fill first.
QUARTERS = 4  # Memory is looked at after each.
MEGABYTE = 1 << 20
# A request a second, and as many end: an hour of it is much like any other.
OPEN = 60
HELD = (("heap", " MB"), ("nodes", ""), ("listeners", ""), ("server's memory", " MB"))
IS_DONE = '[data-testid="stApp"][data-test-script-state="notRunning"]'


def main() -> None:
    """Measure and print."""
    wish = _wish()
    _row("what", "median", "p95", "n", "aim")
    _row("---", "---:", "---:", "---:", "---")
    if wish.only in (None, "pages"):
        _pages(wish)
    if wish.only in (None, "hour"):
        with _server(*_company(wish)) as (address, server), a_browser() as browser:
            _left_open(browser, address, server, wish.tab_seconds)
    if wish.only in (None, "export"):
        with _server("--items", str(ITEMS_OF_EXPORT)) as (address, _), a_browser() as browser:
            _export(browser, address, wish.visits)
    print(f"\n{os.cpu_count()} cores, load {', '.join(f'{load:.1f}' for load in os.getloadavg())} (1, 5, 15 min)")


def _company(wish: argparse.Namespace) -> tuple[str, ...]:
    new = max(round(wish.pause), 1)
    return ("--is-filed", "--open", str(OPEN), "--every", str(wish.pause), "--new", str(new))


def _pages(wish: argparse.Namespace) -> None:
    with _server(*_company(wish)) as (address, server):
        with a_browser() as browser:
            _timed("first visit of Live flow: map visible", _first_visits(browser, address, wish.visits), "2.5 s")
            _timed(
                "navigation in the app to a settled page", _navigation(browser, address, wish.visits), "median 1.0 s"
            )
        _viewers(address, server, wish)
        _memory(address, server, wish)


def _wish() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=10, help="page loads and rounds through the pages")
    parser.add_argument("--viewers", type=int, default=20, help="viewers at the same time")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two refreshes of a viewer")
    parser.add_argument("--pause", type=float, default=2.0, help="seconds between two rounds; `up` makes it 2, too")
    parser.add_argument("--rounds", type=int, default=12, help="refreshes of each viewer")
    parser.add_argument("--refreshes", type=int, default=720, help="refreshes for memory: an hour at 5 s is 720")
    parser.add_argument("--only", choices=("pages", "hour", "export"), help="nothing but this")
    parser.add_argument("--tab-seconds", type=int, default=120, help="how long a tab is left open; the hour: 3600")
    return parser.parse_args()


@contextmanager
def _server(*words: str) -> Iterator[tuple[str, psutil.Process]]:
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), *words) as address:
        port = int(address.rsplit(":", 1)[1])
        found = next(each for each in psutil.Process().children() if _listens(each, port))
        yield address, found


def _listens(process: psutil.Process, port: int) -> bool:
    return any(each.laddr and each.laddr.port == port for each in process.net_connections(kind="tcp"))


def _page(browser: Browser) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(120_000)
    return page


def _first_visits(browser: Browser, address: str, times: int) -> list[float]:
    """Each with an empty cache, as somebody who was never here."""
    took = []
    for _ in range(times):
        page = _page(browser)
        begun = time.monotonic()
        page.goto(address, wait_until="commit")
        page.locator(STAGES).first.wait_for()
        took.append(time.monotonic() - begun)
        page.context.close()
    return took


def _navigation(browser: Browser, address: str, times: int) -> list[float]:
    """Clicks through all pages of the navigation, round and round, until the page is there and the script rests."""
    page = _page(browser)
    page.goto(f"{address}/?live=false")
    page.locator(STAGES).first.wait_for()
    stops = [
        (each.title, next(look.wait for look in LOOKS if look.screen == each.name))
        for each in SCREENS
        if not each.is_hidden and not each.is_for_demo
    ]
    took = []
    for number in range((times + 1) * len(stops)):
        title, wait = stops[(number + 1) % len(stops)]
        begun = time.monotonic()
        page.get_by_role("link", name=title, exact=True).first.click()
        page.get_by_role("heading", name=title).first.wait_for()
        page.locator(wait).first.wait_for()
        page.locator(IS_DONE).wait_for()
        if number >= len(stops):  # The first round loads each page's scripts.
            took.append(time.monotonic() - begun)
    page.context.close()
    return took


def _viewers(address: str, server: psutil.Process, wish: argparse.Namespace) -> None:
    """From when all viewers have the page; what is new is read and derived all the while."""
    alone = Busy(server)
    time.sleep(wish.rounds * wish.every)
    nobody = alone.share()
    begun: list[Busy] = []
    found = asyncio.run(
        watch_together(address, wish.viewers, wish.rounds, wish.every, lambda: begun.append(Busy(server)))
    )
    together = begun[0].share()
    took = [each for viewer in found for each in viewer.took]
    name = f"{wish.viewers} viewers, every {wish.every:g} s"
    _timed(f"{name}: one refresh", took, "p95 0.4 s")
    _row(f"{name}: processor", f"{together:.0%} of a core", "", str(len(took)), "35 %")
    _row("of that with nobody there, to read and derive", f"{nobody:.0%} of a core", "", "1", "")
    sent = sum(viewer.refreshed for viewer in found) / len(took) / 1024
    _row("bytes of a refresh", f"{sent:.1f} kB", "", str(len(took)), "")


class Busy:
    """How much of a core a process takes from now on."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._cpu, self._begun = _cpu(process), time.monotonic()

    def share(self) -> float:
        """Up to now; 1 is a whole core."""
        return (_cpu(self._process) - self._cpu) / (time.monotonic() - self._begun)


def _export(browser: Browser, address: str, times: int) -> None:
    """All events as CSV, by the link on the page: until the first byte, and until the last."""
    page = _page(browser)
    page.goto(f"{address}/explore?table=events&live=false")
    link = page.get_by_role("link", name=re.compile("CSV: all"))
    link.wait_for()
    url, words = urljoin(page.url, link.get_attribute("href")), link.inner_text()
    page.context.close()
    first, whole = [], []
    for _ in range(times):
        begun = time.monotonic()
        with httpx.stream("GET", url, timeout=300) as answer:
            answer.raise_for_status()
            pieces = answer.iter_raw()
            next(pieces)
            first.append(time.monotonic() - begun)
            deque(pieces, maxlen=0)
        whole.append(time.monotonic() - begun)
    rows = words.rpartition("all ")[2]
    _timed(f"export of {rows} rows as CSV: first byte", first, "1 s")
    _timed(f"export of {rows} rows as CSV: last byte", whole, "")


def _memory(address: str, server: psutil.Process, wish: argparse.Namespace) -> None:
    """As fast as they are answered: memory grows with refreshes, not with time."""
    asyncio.run(LiveViewer(address).watch(WARM_UP, 0.0))
    seen = [server.memory_info().rss]
    for _ in range(QUARTERS):
        asyncio.run(LiveViewer(address).watch(wish.refreshes // QUARTERS, 0.0))
        seen.append(server.memory_info().rss)
    words = _course(each / MEGABYTE for each in seen)
    _row(f"server's memory over {wish.refreshes} refreshes", f"{words} MB", "", "1", "flat")


def _left_open(browser: Browser, address: str, server: psutil.Process, seconds: int) -> None:
    """A tab is left to refresh as it does for people; it and the server are looked at after each quarter."""
    page = _page(browser)
    page.goto(address)
    page.locator(STAGES).first.wait_for()
    page.wait_for_timeout(min(seconds / 4, 60) * 1000)
    seen = [_held(page, server)]
    for _ in range(QUARTERS):
        page.wait_for_timeout(seconds / QUARTERS * 1000)
        seen.append(_held(page, server))
    for name, unit in HELD:
        _row(f"tab left open for {seconds} s: {name}", f"{_course(each[name] for each in seen)}{unit}", "", "1", "flat")


def _held(page: Page, server: psutil.Process) -> dict[str, float]:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    counts = session.send("Memory.getDOMCounters")
    session.detach()
    held = (heap / MEGABYTE, counts["nodes"], counts["jsEventListeners"], server.memory_info().rss / MEGABYTE)
    return {name: value for (name, _), value in zip(HELD, held, strict=True)}


def _course(values: Iterable[float]) -> str:
    return " → ".join(f"{each:.0f}" for each in values)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _timed(name: str, took: Sequence[float], aim: str) -> None:
    ordered = sorted(took)
    p95 = ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)]
    _row(name, f"{statistics.median(ordered):.2f} s", f"{p95:.2f} s", str(len(ordered)), aim)


def _row(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
