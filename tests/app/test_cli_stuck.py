"""What is stuck, on a terminal."""

import json

from tests.app.test_cli import AS_OF, one_sentence


def test_what_is_stuck_and_why_can_be_read_on_a_terminal(filled):
    told = filled.run("stuck", AS_OF)

    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[0] == "3 stuck, 0 to watch as of 2026-03-02 12:00:00 UTC"
    assert "▲ stuck  request-1: decision overdue" in lines
    assert "   Classify should have been decided 1h ago." in lines
    assert any(line.startswith("   Also: stage overdue, In Classification for ") for line in lines)


def test_causes_come_with_the_way_to_their_items(filled):
    told = filled.run("causes", AS_OF)
    cause = next(line.split()[-1] for line in told.stdout.splitlines() if "--cause" in line)

    items = filled.run("stuck", AS_OF, "--cause", cause, "--format=json")

    assert "▲ stuck  Classify past its deadline" in told.stdout
    rows = json.loads(items.stdout)["rows"]
    assert rows
    assert {row["cause"] for row in rows} == {cause}


def test_an_unknown_segment_is_told(filled):
    assert "No segment 'colour'" in one_sentence(filled.run("stuck", AS_OF, "--where", "colour=red"))
