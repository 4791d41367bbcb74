"""The house keeps its order: whose packages are imported, what may be called what, who may import whom."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from warehouse import open_warehouse

ROOT = Path(__file__).parents[1]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = CONFIG["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
GENERIC = {"base", "bases", "common", "core", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}

WHERE_FROM = """
import importlib.util, json, sys
print(json.dumps({name: list(importlib.util.find_spec(name).submodule_search_locations) for name in sys.argv[1:]}))
"""
UNDESCRIBED = """
SELECT table_name || '.' || column_name
FROM duckdb_columns()
WHERE NOT internal AND (comment IS NULL OR trim(comment) = '')
ORDER BY 1
"""


def test_a_fresh_interpreter_elsewhere_imports_our_packages(tmp_path):
    """Their names are plain words: a dependency that ships one of them would win over an editable checkout."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    answer = subprocess.run(
        [sys.executable, "-c", WHERE_FROM, *PACKAGES, "tests"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(answer.stdout) == {package: [str(ROOT / package)] for package in [*PACKAGES, "tests"]}


def test_no_file_in_app_shadows_a_package():
    """Streamlit puts app/ first on the path of a page, so `app/metrics.py` would hide the metrics."""
    names = {path.stem for path in (ROOT / "app").iterdir() if not path.name.startswith("__")}
    installed = set(importlib.metadata.packages_distributions())

    assert names & (set(PACKAGES) | set(sys.stdlib_module_names) | installed) == set()


def test_names_say_what_a_file_holds():
    assert [str(path.relative_to(ROOT)) for path in SOURCES if {path.stem, path.parent.name} & GENERIC] == []


def test_pages_are_scripts_that_nobody_imports():
    assert not (ROOT / "pages" / "__init__.py").exists()


def test_no_source_file_edits_the_import_path():
    assert _sources_matching(r"sys\.path\.(append|insert|extend)|sys\.path\s*=") == []


def test_only_the_warehouse_opens_duckdb():
    """The locking policy has one home."""
    assert _sources_matching(r"\bduckdb\.connect\(") == ["warehouse/database.py"]


def test_every_column_is_described():
    warehouse = open_warehouse(None)
    try:
        undescribed = warehouse.cursor().execute(UNDESCRIBED).fetchall()
    finally:
        warehouse.close()

    assert undescribed == []


def test_nothing_is_imported_against_the_walls():
    answer = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )

    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-duckdb2.lock"])
def test_a_lock_pins_with_hashes_and_names_no_address(lock):
    text = (ROOT / lock).read_text()
    pins = re.findall(r"^[a-z0-9][^\n]*?(?=(?: \\)?$)", text, re.MULTILINE)

    assert "://" not in text
    assert pins
    assert [pin for pin in pins if "==" not in pin] == []
    assert len(re.findall(r" \\\n    --hash=sha256:", text)) >= len(pins)


def _sources_matching(pattern: str) -> list[str]:
    found = re.compile(pattern)
    return [path.relative_to(ROOT).as_posix() for path in SOURCES if found.search(path.read_text())]
