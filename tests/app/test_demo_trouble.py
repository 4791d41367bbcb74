"""The demo's trouble from the command line: listed, turned, handed back, and refused in one sentence."""

from pathlib import Path

import pytest

from app.cli_trouble import run_trouble
from app.config import load
from app.demo_trouble import all_but, states, turn
from app.errors import DemoError
from sample_data import trouble
from sample_data.company import create_company
from sample_data.tables import open_database


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The config of a demo whose company has just been made."""
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    database = open_database(url)
    create_company(database, kept_off=["run-reset"])
    database.dispose()
    (tmp_path / "company.url").write_text(url)
    path = tmp_path / "streamgauge.toml"
    path.write_text('[demo]\ndatabase_file = "company.url"\n')
    return path


def test_all_trouble_is_listed_with_how_it_stands(config, capsys):
    run_trouble(config, None, None)

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(trouble.NAMES)
    assert [line for line in lines if "(by the start)" in line] == [lines[trouble.NAMES.index("run-reset")]]


def test_one_is_turned_and_handed_back(config, capsys):
    run_trouble(config, "vendor-outage", "on")
    assert capsys.readouterr().out.startswith("vendor-outage      on ")
    assert next(s for s in states(load(config)) if s.switch.name == "vendor-outage").changed_by == "command line"

    turn(load(config), "vendor-outage", "cycle", "a test")
    assert {s.changed_by for s in states(load(config))} == {"cycle", "the start"}


@pytest.mark.parametrize(
    ("name", "state", "sentence"),
    [("vendor-outage", "maybe", "'maybe' is none of: on, off, cycle."), ("rain", "on", "No trouble is called 'rain'.")],
)
def test_what_there_is_not_is_refused(config, name, state, sentence):
    with pytest.raises(DemoError) as refused:
        run_trouble(config, name, state)

    assert str(refused.value).startswith(sentence)


def test_without_a_demo_there_is_no_trouble(tmp_path):
    (tmp_path / "streamgauge.toml").write_text("")

    with pytest.raises(DemoError, match="was not written by `streamgauge demo`"):
        run_trouble(tmp_path / "streamgauge.toml", None, None)


def test_what_is_not_wished_for_stays_off():
    assert all_but(None) == ()
    assert all_but(["none"]) == trouble.NAMES
    assert all_but(["vendor-outage"]) == trouble.NAMES[1:]
    with pytest.raises(DemoError, match="No trouble is called 'rain'"):
        all_but(["rain"])
