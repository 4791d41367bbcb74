"""When the demo is ready: the first page answers and has enough to show of each stream."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx
from rich.console import Console

from app.answers import Ask
from app.api_client import ServiceClient, running_service
from app.errors import DemoError, ServiceError

STREAMS = ("service-request", "claim")
ITEMS_EACH = 30
PATIENCE_SECONDS = 300.0
LOOK_SECONDS = 0.3
SAY_EVERY_SECONDS = 5.0
PAGE_SECONDS = 10.0


def wait_until_ready(warehouse: Path, check_parts: Callable[[], None], progress: Console) -> ServiceClient:
    """Wait for the service and for ITEMS_EACH items of each stream in flight, saying on `progress` what is missing.

    `check_parts` raises when a part of the demo has ended. Raises DemoError past PATIENCE_SECONDS.
    """
    began = said = time.monotonic()
    while True:
        check_parts()
        service = running_service(warehouse)
        missing = "the pages" if service is None else _missing(service)
        if service is not None and missing is None:
            return service
        if time.monotonic() - began > PATIENCE_SECONDS:
            raise DemoError(f"Not ready after {PATIENCE_SECONDS:.0f} s: still waiting for {missing}.")
        if time.monotonic() - said > SAY_EVERY_SECONDS:
            said = time.monotonic()
            progress.print(f"Waiting for {missing}")
        time.sleep(LOOK_SECONDS)


def _missing(service: ServiceClient) -> str | None:
    try:
        for stream in STREAMS:
            items = sum(row["items"] for row in service.ask(Ask("in_flight", stream)).table.to_pylist())
            if items < ITEMS_EACH:
                return f"{ITEMS_EACH} items of {stream} in flight ({items} so far)"
        page = httpx.get(service.notice.url, trust_env=False, timeout=PAGE_SECONDS)
    except (ServiceError, httpx.HTTPError) as error:
        # While everything starts at once on a small machine, an answer may take too long.
        return f"an answer ({error})"
    return None if page.is_success else f"the first page (it answers {page.status_code})"
