"""The Stream page in every state it can be in."""

import re
from dataclasses import replace
from html import unescape

import pytest

import value_stream
from app.config import Config
from tests.pages.company import STREAM, service_of, visit
from tests.pages.test_live_flow import tables, widget

PAGE = "pages/stream.py"
STRAIGHT = ("request", "classification", "quote", "approval", "delivery", "billing", "support")


def straight(name, began=-900, ways=STRAIGHT, **more):
    return visit(name, [(stage, began + 60 * number) for number, stage in enumerate(ways)], **more)


@pytest.fixture
def show(show):
    """Shows the page as of NOON, looking back on the last hour."""
    return lambda service, **address: show(service, PAGE, **({"period": "1h"} | address))


@pytest.fixture
def file(tmp_path):
    """The stream file on disk, to be written to."""
    made = tmp_path / "own.stream.toml"
    made.write_text(STREAM.read_text())
    return made


@pytest.fixture
def with_file(file):
    """Makes a service whose stream came from `file`."""
    opened = []

    def make(stories=(), **more):
        made = service_of(streams=[value_stream.load(file)], stories=stories, **more)
        config = made.config.model_copy(update={"streams": (str(file.parent / "*.stream.toml"),)})
        opened.append(replace(made, config=config))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def cards(page):
    return {card["key"]: card for card in widget(page, "figures")["figures"]}


def said(page):
    kinds = (page.error, page.warning, page.info, page.success, page.caption, page.markdown, page.header)
    return " ".join(element.value for kind in kinds for element in kind).replace("\\", "")


def text_of_file(page):
    """The lines of the file as they are drawn; those with a fault begin with an exclamation mark."""
    bodies = [element.proto.body for element in page.main.get("html")]
    drawn = next((body for body in bodies if 'class="sg-file"' in body), "")
    lines = re.findall(r'<div( class="sg-fault")?(?: class="sg-comment")?>(.*?)</div>', drawn.split('file">')[-1])
    return [f"{'!' if fault else ''}{unescape(line)}" for fault, line in lines]


def arrows(page):
    return {(each["source"], each["target"]): each for each in widget(page, "value_stream_map")["arrows"]}


def test_without_a_stream_file_the_page_says_so(show, opened):
    page = show(opened(streams=[]))

    assert "A stream file says which stages" in said(page)
    assert not page.exception


def test_before_anything_was_read_the_page_says_so_and_still_shows_the_file(show, with_file):
    page = show(with_file(as_of=None))

    assert "The first round is under way" in said(page)
    assert cards(page)["drift"]["words"] == ["nothing moved in the last 1h"]
    assert text_of_file(page) == [line or " " for line in STREAM.read_text().splitlines()]
    assert not page.exception


def test_where_all_work_goes_the_drawn_ways_there_is_no_drift(show, with_file):
    page = show(with_file([straight("one"), straight("two")]))
    shown = cards(page)

    assert (shown["drift"]["text"], shown["drift"]["tone"]) == ("0\u202f%", "none")
    assert shown["drift"]["words"][0] == "0 of 12 moves not drawn"
    assert shown["items_now"]["text"] == "0"
    assert "not drawn" not in [row[1] for row in tables(page)["Moves, drawn and not drawn"]]


def test_an_undrawn_move_is_counted_named_and_drawn(show, with_file):
    leap = ("request", "classification", "billing")
    page = show(with_file([straight("one"), straight("leaps", ways=leap)]))
    shown, first = cards(page), tables(page)["Moves, drawn and not drawn"][0]

    assert shown["drift"]["words"][0] == "1 of 8 moves not drawn"
    assert shown["items_now"]["text"] == "1"
    assert first[:3] == ["Classification → Billing", "not drawn", "1"]
    assert first[-1] == "1"
    assert arrows(page)["classification", "billing"]["kind"] == "undrawn"


def test_drift_is_compared_with_the_window_before(show, with_file):
    leap = ("request", "classification", "billing")
    earlier = straight("earlier", began=-5400, ways=("request", "classification", "quote"))
    page = show(with_file([earlier, straight("leaps", ways=leap)]))

    delta = cards(page)["drift"]["delta"]
    assert (delta["text"], delta["tone"]) == ("+50 points ▲", "bad")
    assert delta["title"] == "0\u202f% of 2 moves in the 1h before"


def test_drawn_moves_that_nobody_took_are_listed(show, with_file):
    page = show(with_file([straight("one")]))
    unused = [row[0] for row in tables(page)["Moves, drawn and not drawn"] if row[1] == "nobody took it"]

    assert "Approval → Classification" in unused
    assert cards(page)["unused"]["text"] == str(len(unused))


def test_completed_without_a_required_stage_is_a_breach_with_its_name(show, with_file):
    skips = straight("skips", ways=("request", "classification", "quote", "delivery"), ended="completed")
    page = show(with_file([straight("whole", ended="completed"), skips]))
    rows = {row[0]: row for row in tables(page)["Stages that must be passed"]}

    assert rows["Approval"][2:] == ["50\u202f%", "2", "1", "skips"]
    assert cards(page)["validation"]["tone"] == "bad"


def test_missing_data_is_counted_where_it_was_needed(show, with_file):
    page = show(with_file([straight("one")], values=False))
    rows = {(row[0], row[1]): row for row in tables(page)["Declared data and how often it was there"]}

    assert rows["db.crm.requests.amount", "the item's value"][2:] == ["0\u202f%", "1", "1"]
    assert rows["workflow_id", "the item's key"][2:] == ["100\u202f%", "1", "0"]


def test_a_file_that_means_what_is_in_force_is_said_to_be_so(show, with_file, file):
    service = with_file()
    file.write_text("# a comment means nothing\n" + file.read_text())
    page = show(service)

    assert "The file means what is in force" in said(page).replace("the file means", "The file means")
    assert text_of_file(page)[0] == "# a comment means nothing"


def test_a_changed_file_is_said_not_to_be_in_force_yet(show, with_file, file):
    service = with_file()
    file.write_text(file.read_text().replace('target     = "45s"', 'target     = "50s"'))
    page = show(service)

    assert "Start Streamgauge again to bring the file into force" in said(page)
    assert 'target     = "50s"' in text_of_file(page)


def test_faults_of_the_file_on_disk_stand_with_their_lines_while_the_stream_stays_in_force(show, with_file, file):
    service = with_file([straight("one")])
    text = file.read_text().replace('target     = "45s"', 'target     = "45 sec <b>"')
    file.write_text(text)
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "<b>" in row)
    page = show(service)
    [fault] = tables(page)["Faults of the stream file"]

    assert fault[0] == str(line)
    assert text_of_file(page)[line - 1] == '!target     = "45 sec <b>"'
    assert fault[1] == "stages.0.target"
    assert "stays in force" in said(page)
    assert cards(page)["drift"]["words"][0] == "0 of 6 moves not drawn"


def test_a_file_that_is_gone_and_one_that_is_new_are_both_said(show, with_file, file):
    service = with_file()
    file.with_name("new.stream.toml").write_text(file.read_text().replace('"service-request"', '"another"', 1))
    file.unlink()
    page = show(service)

    assert "What was read at the start stays in force" in said(page)
    assert "says stream another, which is not in force" in said(page)
    assert not text_of_file(page)


def test_a_config_that_names_a_missing_file_spoils_that_part_alone(show, opened, tmp_path):
    made = opened(stories=[straight("one")])
    service = replace(made, config=Config(streams=(str(tmp_path / "gone.stream.toml"),)))
    page = show(service)

    assert "No stream file at" in said(page)
    assert cards(page)["drift"]["text"] == "0\u202f%"


def test_the_moves_of_a_chosen_item_are_lit_up_and_listed(show, with_file):
    page = show(with_file([straight("one", ways=STRAIGHT[:3]), straight("two")]), item="one")
    lit = {way for way, arrow in arrows(page).items() if arrow["isOnWay"]}

    assert lit == {("request", "classification"), ("classification", "quote")}
    assert [row[3] for row in tables(page)["The way of one item"]] == ["→ Classification", "→ Quote", "is there"]


def test_an_item_that_is_not_there_is_said_and_nothing_is_dimmed(show, with_file):
    page = show(with_file([straight("one")]), item="<b>nobody</b>")

    assert "is called <b>nobody</b> as of this instant" in said(page)
    assert not widget(page, "value_stream_map")["hasWay"]


def test_a_chosen_stage_narrows_the_moves(show, with_file):
    rows = tables(show(with_file([straight("one")]), stage="quote"))["Moves, drawn and not drawn"]

    assert rows
    assert all("Quote" in row[0] for row in rows)
