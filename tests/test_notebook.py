"""The worked example of the docs runs, from top to bottom, on a real file."""

import re
from pathlib import Path

import value_stream
import warehouse
from tests.app.conftest import SOURCE, STORIES, STREAM
from tests.fixtures.histories import NOON, batch
from warehouse import Round

PAGE = Path(__file__).parents[1] / "docs" / "notebook.md"


def test_the_notebook_of_the_docs_runs(tmp_path, monkeypatch, capsys):
    (tmp_path / "service-request.stream.toml").write_text(STREAM.read_text())
    streams = [value_stream.load(STREAM)]
    opened = warehouse.open_warehouse(tmp_path / "streamgauge.duckdb")
    con = opened.cursor()
    warehouse.replace_rules(con, value_stream.rule_rows(streams), value_stream.stream_versions(streams), NOON)
    warehouse.register_source(con, SOURCE, "temporal")
    warehouse.write_batch(con, SOURCE, batch(*STORIES), NOON)
    warehouse.finish_round(con, SOURCE, Round(NOON, NOON, is_complete=True, as_of_at=NOON))
    con.close()
    opened.close()
    monkeypatch.chdir(tmp_path)

    cells = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    for cell in cells:
        exec(compile(cell, str(PAGE), "exec"), names)

    assert len(cells) == 7
    assert "Classification" in capsys.readouterr().out
