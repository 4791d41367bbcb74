"""The page Demo: every trouble has a button in words, and pressing it turns the trouble."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.config import load
from app.demo_trouble import states
from sample_data import trouble
from sample_data.company import create_company
from sample_data.tables import open_database


def page(path: str) -> None:
    """The part of the page that changes."""
    from pathlib import Path

    from app.config import load
    from app.ui import demo

    demo.switches(load(Path(path)))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The config of a demo in which only the vendor is in trouble."""
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    database = open_database(url)
    create_company(database)
    trouble.turn(database, trouble.VENDOR_OUTAGE, True, by=trouble.CYCLE)
    database.dispose()
    (tmp_path / "company.url").write_text(url)
    path = tmp_path / "streamgauge.toml"
    path.write_text('[demo]\ndatabase_file = "company.url"\n')
    return path


def test_a_button_heals_and_another_plants(config):
    shown = AppTest.from_function(page, args=(str(config),), default_timeout=30).run()

    assert not shown.exception
    labels = [button.label for button in shown.button]
    assert labels[0] == "Heal the vendor"
    assert labels[1:] == [switch.plant for switch in trouble.SWITCHES[1:]]
    shown.button(key="turn-vendor-outage").click().run()

    [vendor, *_] = states(load(config))
    assert (vendor.is_on, vendor.changed_by) == (False, "page Demo")


def test_what_is_held_by_hand_is_handed_back(config):
    shown = AppTest.from_function(page, args=(str(config),), default_timeout=30).run()
    shown.button(key="turn-run-reset").click().run()
    shown = AppTest.from_function(page, args=(str(config),), default_timeout=30).run()
    shown.button(key="cycle-run-reset").click().run()

    assert {state.changed_by for state in states(load(config))} == {"cycle"}
