"""`streamgauge import`, by itself and through the running service."""

import json
from pathlib import Path

import pytest

from tests.app.conftest import Company
from tests.connectors.files.conftest import events


def save(folder: Path, name: str, run_id: str) -> None:
    (folder / name).write_text(json.dumps({"events": events(run_id)}))


@pytest.fixture
def histories(tmp_path: Path) -> Path:
    folder = tmp_path / "histories"
    folder.mkdir()
    save(folder, "a.json", "run-a")
    save(folder, "b.json", "run-b")
    (folder / "broken.json").write_text("{")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("through_service", [False, True])
def test_whole_files_go_in_and_broken_ones_are_named(company: Company, histories: Path, through_service: bool) -> None:
    company.configure()
    if through_service:
        company.up()

    first = company.run("import", str(histories))
    again = company.run("import", str(histories))

    assert first.stdout == "2 histories with 14 events read, 14 events new, 1 not readable\n"
    assert again.stdout == "2 histories with 14 events read, 0 events new, 1 not readable\n"
    assert "broken.json: It is no JSON" in first.stderr.replace("\n", "")
    assert first.returncode == again.returncode == 1


def test_a_folder_that_is_not_there_is_said_and_nothing_else_happens(company: Company) -> None:
    company.configure()

    done = company.run("import", "/no/such/folder")

    assert done.returncode == 1
    assert "/no/such/folder: There is no such file or folder." in done.stderr
