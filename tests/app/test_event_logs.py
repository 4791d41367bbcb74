"""A log whose answers are known, imported as histories: the same cases, events and time per activity."""

import gzip
from pathlib import Path

import pytest

from app.config import load
from app.imports import import_files
from app.service import open_service
from tests.fixtures.event_logs import plain_answers, read_log, stream_text, write_export
from warehouse import rows, uneven_items
from warehouse.comparison import differing_rows

# Known by hand. Two events of one instant, one activity twice running, a case of a single event, one that does not
# begin as the others do, instants of two zones, and lines of different cases mixed.
LOG = """\
no,who,what,when
1,anna,ask,2026-03-02T12:00:00Z
2,bert,ask,2026-03-02T13:00:00+01:00
3,anna,check,2026-03-02T12:00:30.500Z
4,bert,check,2026-03-02T12:10:00Z
5,bert,check,2026-03-02T12:12:00Z
6,bert,"decide, at last",2026-03-02T12:12:00Z
7,carl,ask,2026-03-03T00:00:00Z
8,anna,ask,2026-03-02T12:01:00Z
9,anna,"decide, at last",2026-03-04T12:01:00Z
10,dora,check,2026-03-02T12:00:00Z
11,dora,"decide, at last",2026-03-02T12:00:01Z
"""
LEFT = {"ask": 3, "check": 4, "decide, at last": 0}
SECONDS = {"ask": 30.5 + 600 + 172_800, "check": 29.5 + 120 + 0 + 1, "decide, at last": 0}
TOLD = """
SELECT stage, count(*) FILTER (next_stage IS NOT NULL) AS stays, sum(duration_micros) / 1e6 AS seconds
FROM stay GROUP BY stage ORDER BY stage
"""


def as_csv(folder: Path) -> Path:
    file = folder / "log.csv.gz"
    file.write_bytes(gzip.compress(LOG.encode()))
    return file


def as_xes(folder: Path) -> Path:
    cases: dict[str, list[str]] = {}
    for event in read_log(as_csv(folder), case="who", activity="what", time="when"):
        cases.setdefault(event.case, []).append(
            f'<event><string key="concept:name" value="{event.activity}"/>'
            f'<date key="time:timestamp" value="{event.at.isoformat()}"/></event>'
        )
    traces = (
        f'<trace><string key="concept:name" value="{case}"/>{"".join(some)}</trace>' for case, some in cases.items()
    )
    file = folder / "log.xes"
    file.write_text(f'<log xmlns="http://www.xes-standard.org/">{"".join(traces)}</log>')
    return file


@pytest.mark.parametrize("kind", [as_csv, as_xes])
def test_a_log_with_known_answers_gives_them_after_its_import(kind: object, tmp_path: Path) -> None:
    file = as_csv(tmp_path) if kind is as_csv else as_xes(tmp_path)
    columns = {"case": "who", "activity": "what", "time": "when"} if kind is as_csv else {}
    events = read_log(file, **columns)
    write_export(tmp_path / "histories.pb", events)
    (tmp_path / "log.stream.toml").write_text(stream_text(events))
    (tmp_path / "streamgauge.toml").write_text('streams = ["*.stream.toml"]\n')

    service = open_service(load(tmp_path / "streamgauge.toml"))
    steps = [*import_files(service, [tmp_path / "histories.pb"])]
    con = service.warehouse.cursor()
    titles = {stage.name: stage.title for stage in service.streams[0].stages}
    told = {titles[row["stage"]]: row for row in rows(con, TOLD)}
    counts = rows(con, "SELECT (SELECT count(*) FROM item) AS cases, (SELECT count(*) FROM stay) AS events")
    faults = (differing_rows(con), uneven_items(con))
    con.close()
    service.close()

    assert [step.problem for step in steps if step.problem] == []
    assert counts == [{"cases": 4, "events": 11}]
    assert {name: row["stays"] for name, row in told.items()} == LEFT
    assert {name: row["seconds"] for name, row in told.items()} == pytest.approx(SECONDS, abs=1e-6)
    assert faults == ({}, [])
    plain = plain_answers(events)  # the count that a log without known answers is held against
    assert (plain.cases, plain.events) == (4, 11)
    assert plain.seconds == pytest.approx({name: seconds for name, seconds in SECONDS.items() if seconds})
