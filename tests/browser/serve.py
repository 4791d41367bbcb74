"""The pages on a made-up company, as a process of its own: `python -m tests.browser.serve FOLDER`.

Prints its address, and leaves a config in the folder, so that the command line finds the service. The company of NOON
stands still; every so often one more request begins now, and if wanted the oldest of them ends, so that live pages have
something to show. Ends on SIGTERM, and when its parent does.
"""

import argparse
import ctypes
import signal
import sys
import threading
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path

from app.config import Config, ServerConfig
from app.server import address_of, listen, serve
from app.service import Service
from tests.fixtures.histories import NOON, Story, batch
from tests.pages.company import CRM, STREAM, TEMPORAL, busy, deciding, finish, service_of, visit, whole
from warehouse import write_batch

HOSTILE = "<img src=x onerror=window.hit=1> ![](http://evil.example/p.png)"
CONFIG, WAREHOUSE = "streamgauge.toml", "pages.duckdb"
SET_PARENT_DEATH_SIGNAL = 1


def shown(items: int = 120) -> list[Story]:
    """What stands still: work in every stage, a hostile name, people who decide, and one with a long past."""
    return [*busy(items=items), visit(HOSTILE, [("request", -200)]), *deciding(), whole()]


def main() -> None:
    """Serve until told to end."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    wish = _wish()
    path = wish.folder / WAREHOUSE if wish.is_filed else None
    made = service_of(stories=shown(wish.items), open_there=31, path=path)
    folder = wish.folder
    (folder / CONFIG).write_text(f'warehouse = "{WAREHOUSE}"\nstreams = ["{STREAM}"]\n')
    config = Config(warehouse=folder / WAREHOUSE, streams=(str(STREAM),), server=ServerConfig(port=0))
    service = replace(made, config=config)
    stop = threading.Event()
    worker = threading.Thread(target=_work, args=(service, wish, stop))
    worker.start()
    listening = listen(config.server)
    print(address_of(listening), flush=True)
    try:
        serve(service, listening)
    finally:
        stop.set()
        worker.join()
        service.close()


def _wish() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--items", type=int, default=120, help="requests of the last hour")
    parser.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="between two rounds")
    parser.add_argument("--new", type=int, default=1, help="requests that began since the round before")
    parser.add_argument("--open", type=int, help="new requests that are open at most; all, if not said")
    parser.add_argument("--is-filed", action="store_true", help="the warehouse is in the folder, not in memory")
    return parser.parse_args()


def _work(service: Service, wish: argparse.Namespace, stop: threading.Event) -> None:
    con = service.warehouse.cursor()
    working: deque[tuple[str, float]] = deque()
    names = (f"live-{number}" for number in count(1))
    while not stop.wait(wish.every):
        now = datetime.now(UTC)
        stories = _news(working, list(islice(names, wish.new)), (now - NOON).total_seconds(), wish.open)
        write_batch(con, TEMPORAL, batch(*stories), now)
        for source in (TEMPORAL, CRM):
            finish(con, source, now, open_there=None)
        service.data_changed()
    con.close()


def _news(working: deque[tuple[str, float]], names: list[str], at: float, most_open: int | None) -> list[Story]:
    """New requests, and those that end for it."""
    working.extend((name, at) for name in names)
    stories = [visit(name, [("request", at)]) for name in names]
    while most_open is not None and len(working) > most_open:
        name, began = working.popleft()
        stories.append(visit(name, [("request", began)]).turn(at).close())
    return stories


if __name__ == "__main__":
    main()
