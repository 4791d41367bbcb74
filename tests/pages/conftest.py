"""A page, run as Streamlit runs it, on a made-up company."""

from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

import value_stream
from app import service as running
from app.screens import screen
from app.ui.url import text_of
from tests.pages.company import NOON, STREAM, busy, service_of

MAIN = Path(__file__).parents[2] / "app" / "main.py"


@pytest.fixture(scope="session", autouse=True)
def scanned_once():
    """Each AppTest looks through every installed package for components: a third of the time of a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(scope="session")
def company():
    """The sample stream with requests in every stage, read completely up to NOON."""
    opened = service_of(stories=busy(items=120), open_there=31)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def sample():
    """The sample stream."""
    return value_stream.load(STREAM)


@pytest.fixture
def opened():
    """Makes services as tests need them, and closes them."""
    made = []

    def make(*args, **kwargs):
        made.append(service_of(*args, **kwargs))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def show():
    """Runs a page on a service, as of NOON unless the address says otherwise; gives what it shows."""

    def run(service, page="pages/live_flow.py", **address):
        running.install(service)
        test = AppTest.from_file(str(MAIN), default_timeout=60)
        for name, value in ({"as_of": text_of(NOON)} | address).items():
            if value is not None:
                test.query_params[name] = value
        # As switch_page does after a run of Live flow, which costs as much: before one it knows no addresses.
        test._page_hash = calc_hash(screen(Path(page).stem).path)
        return test.run()

    return run
