"""Of a long table its first rows are sent, and the rest when somebody asks."""

from app.ui.tables import FIRST_ROWS, part


def test_the_first_rows_are_sent_and_how_many_there_are():
    table = {"caption": "Items", "rows": list(range(40))}

    assert part(table, is_whole=False) == {**table, "rows": list(range(FIRST_ROWS)), "first": FIRST_ROWS, "total": 40}
    assert part(table, is_whole=True)["rows"] == list(range(40))
    assert len(table["rows"]) == 40
