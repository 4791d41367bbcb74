"""Live flow in every state it can be in."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest

import metrics
from app.ui import wording
from app.users_config import UsersConfig, account
from metrics import Question
from tests.fixtures.histories import batch
from tests.pages.company import NOON, TEMPORAL, finish, visit
from warehouse import write_batch


def widget(page, name):
    """What one of our own widgets was told; None where it is not drawn."""
    return next(widgets(page, name), None)


def widgets(page, name):
    """What each of our own widgets of that name was told."""
    for element in page.main:  # All of them, however deep.
        proto = getattr(element, "proto", None)
        if getattr(proto, "component_name", "").endswith(name):
            yield json.loads(proto.json)


def tables(page):
    """The text of every table by its caption, row by row."""
    return {
        table["caption"]: [[cell["text"] for cell in row["cells"]] for row in table["rows"]]
        for table in widgets(page, "rows")
    }


def stages(page):
    return {card["name"]: card for card in widget(page, "value_stream_map")["cards"]}


def figures(page):
    return {figure["key"]: figure for figure in widget(page, "figures")["figures"]}


def rows_of(service, name, **question):
    with service.warehouse.reading() as con:
        return metrics.find(name)(con, service.streams[0], Question(as_of=NOON, **question)).to_pylist()


def words(boxes):
    return [box.value.replace("\\", "") for box in boxes]


def test_the_map_shows_what_the_metric_says(show, company):
    shown = stages(show(company))

    for row in rows_of(company, "in_flight"):
        if not shown[row["stage"]]["isEnd"]:
            assert shown[row["stage"]]["items"] == row["items"], row["stage"]


def test_the_headline_adds_up(show, company):
    page = show(company)
    shown = figures(page)

    assert shown["in_flight"]["number"] == sum(row["items"] for row in rows_of(company, "in_flight"))
    assert shown["over_target"]["number"] == sum(row["over_target"] for row in rows_of(company, "over_target"))
    assert shown["value"]["text"].startswith("€")
    assert all(figure["help"][0][1] for figure in shown.values())
    assert not page.exception


def test_the_address_chooses_the_stage_whose_items_are_shown(show, company):
    page = show(company, stage="approval")
    listed = rows_of(company, "open_items", where=(("stage", "approval"),))

    assert widget(page, "value_stream_map")["selected"] == "approval"
    assert words(page.header)[1].startswith(f"Approval: {len(listed)} request")
    assert [row["cells"][0]["text"] for row in widget(page, "rows")["rows"]] == [row["item"] for row in listed]


def test_items_link_to_their_run_in_temporals_web_ui(show, company):
    row = widget(show(company), "rows")["rows"][0]
    item = row["cells"][0]["text"]

    assert row["cells"][-1]["href"] == f"http://127.0.0.1:8233/namespaces/default/workflows/{item}/{item}/history"


def test_a_split_by_nonsense_is_the_usual_one(show, company):
    page = show(company, by="1; DROP")

    assert not page.exception
    assert stages(page)["approval"]["items"]
    assert widget(page, "value_stream_map")["selected"] is None


def test_all_stages_are_shown_again_with_one_click(show, company):
    page = show(company, stage="approval")
    page.button(key="items.all").click().run()

    assert "stage" not in page.query_params
    assert words(page.header)[1].startswith("Longest in their stage")


def test_a_filter_narrows_the_map_and_says_what_it_does_not_narrow(show, company):
    page = show(company, **{"where.Region": "North"})
    expected = {row["stage"]: row["items"] for row in rows_of(company, "in_flight", where=(("Region", "North"),))}

    assert {name: card["items"] for name, card in stages(page).items() if not card["isEnd"]} == {
        name: items for name, items in expected.items() if name in stages(page) and not stages(page)[name]["isEnd"]
    }
    assert figures(page)["arrived"]["words"] == ["all, the filter does not narrow this"]


def test_a_filter_that_nothing_matches_says_so_and_keeps_its_value(show, company):
    page = show(company, **{"where.Region": "Atlantis"})

    assert [box.proto.title.replace("\\", "") for box in page.info] == ["No open request has Region = Atlantis"]
    assert page.selectbox(key="where.Region").value == "Atlantis"


def test_the_filter_is_taken_off_with_one_click(show, company):
    page = show(company, **{"where.Region": "Atlantis"})
    next(button for button in page.button if button.label == "Clear").click().run()

    assert "where.Region" not in page.query_params
    assert not page.info


def test_a_past_instant_is_said_and_live_is_off(show, company):
    page = show(company)
    strip = next(box for box in page.main.get("html") if "sg-strip" in box.proto.body).proto.body

    assert "As of 2026-03-02 12:00:00" in strip
    assert page.toggle(key="live").disabled


def test_going_back_to_now_is_one_click(show, company):
    page = show(company)
    page.button(key="as_of.now").click().run()

    assert "as_of" not in page.query_params
    assert not page.toggle(key="live").disabled


def test_the_difference_between_then_and_now_adds_up(show, opened):
    service = opened(stories=[visit("old", [("request", -7200)]), visit("new", [("request", -60)])])
    page = show(service, as_of="2026-03-02T11:00:00Z", show="Difference")

    assert figures(page)["in_flight"]["text"] == "+1"
    assert figures(page)["in_flight"]["words"] == ["2 now", "1 then"]
    assert stages(page)["request"]["count"] == "+1"
    assert not page.exception


def test_now_can_be_looked_at_without_losing_then(show, opened):
    service = opened(stories=[visit("old", [("request", -7200)]), visit("new", [("request", -60)])])
    page = show(service, as_of="2026-03-02T11:00:00Z", show="Now", live="false")

    assert figures(page)["in_flight"]["number"] == 2
    assert page.query_params["as_of"] == "2026-03-02T11:00:00Z"


def test_a_source_that_does_not_feed_the_stream_is_not_in_its_strip(show, opened, sample):
    elsewhere = sample.model_copy(update={"rows": ()})
    page = show(opened(streams=[elsewhere], stories=[visit("one", [("request", -60)])], values=False))
    strip = next(box for box in page.main.get("html") if "sg-strip" in box.proto.body).proto.body

    assert "main/default" in strip
    assert "crm" not in strip


def test_figures_of_a_source_that_is_late_look_stale(show, company):
    def looks(as_of):
        page = show(company, as_of=as_of)
        return any("--stale-mark" in box.proto.body for box in page.main.get("html"))

    assert looks("2026-03-02T12:10:00Z")
    assert not looks("2026-03-02T12:00:00Z")


def test_headlines_are_compared_with_last_week_where_there_was_one_and_else_with_an_hour_ago(show, opened):
    day = 86_400
    week_old, hour_old = visit("old", [("request", -8 * day)]), visit("older", [("request", -2 * day)])

    assert figures(show(opened(stories=[week_old])))["in_flight"]["delta"]["words"] == "vs last week"
    assert figures(show(opened(stories=[hour_old])))["in_flight"]["delta"]["words"] == "vs 1h ago"
    assert "delta" not in figures(show(opened(stories=[visit("new", [("request", -60)])])))["in_flight"]


def test_who_comes_back_is_told_what_changed_since(show, opened):
    service = opened(stories=[visit("old", [("request", -7200)])])
    now = datetime.now(UTC)
    service.page_store.looked(account(), service.streams[0].stream, now - timedelta(hours=3))
    con = service.warehouse.cursor()
    write_batch(con, TEMPORAL, batch(visit("new", [("request", (now - NOON).total_seconds() - 60)])), now)
    finish(con, TEMPORAL, now, open_there=None)
    con.close()
    page = show(service, as_of=None, live="false", since="Since you last looked")
    shown = {figure["key"]: figure for figure in last(page, "figures")["figures"]}

    assert shown["new_arrived"]["number"] == 1
    page.button(key="changes.seen").click().run()
    assert any("first look" in element.value for element in page.markdown)


def test_a_view_is_saved_seen_by_all_and_gone_when_deleted(show, opened):
    service = opened(stories=[visit("old", [("request", -7200)])])
    page = show(service, window="8h")
    page.text_input(key="views.name").set_value("Monday").run()
    next(button for button in page.button if button.label == "Save this view").click().run()
    view = service.page_store.views()[0]

    assert (view.name, view.owner, view.screen) == ("Monday", account(), "live_flow")
    assert dict(parse_qsl(view.address)) == {"as_of": "2026-03-02T12:00:00Z", "window": "8h"}
    assert "Monday" in next(iter(show(service).get("page_link"))).proto.label
    next(button for button in page.button if button.label == "Delete").click().run()
    assert service.page_store.views() == []


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("operator", False), ("admin", True), (None, False)])
def test_only_admins_may_delete_what_others_saved(show, opened, role, may):
    service = as_person(opened(stories=[visit("old", [("request", -7200)])]), "anna", role)
    service.page_store.save("Monday", "ben", "live_flow", "", NOON)
    page = show(service)

    assert "Monday · Live flow · ben" in next(iter(page.get("page_link"))).proto.label.replace("\\", "")
    assert any(button.label == "Delete" for button in page.button) is may
    next(each for each in page.text_input if each.key == "views.name").set_value("Tuesday").run()
    next(button for button in page.button if button.label == "Save this view").click().run()
    assert {view.name: view.owner for view in service.page_store.views()} == {"Monday": "ben", "Tuesday": "anna"}


def test_what_one_person_saw_is_still_new_to_another(show, opened):
    service = opened(stories=[visit("old", [("request", -7200)])])
    now = datetime.now(UTC)
    service.page_store.looked("anna", service.streams[0].stream, now - timedelta(hours=3))
    address = {"as_of": None, "live": "false", "since": "Since you last looked"}

    assert any("first look" in text.value for text in show(as_person(service, "ben", "viewer"), **address).markdown)
    assert last(show(as_person(service, "anna", "viewer"), **address), "figures")["figures"]


def as_person(service, name, role):
    """The same service, where this person looks."""
    service.config = service.config.model_copy(update={"users": UsersConfig(name=name, role=role)})
    return service


def test_a_view_without_a_name_is_refused_in_a_sentence(show, opened):
    page = show(opened(stories=[visit("old", [("request", -7200)])]))
    next(button for button in page.button if button.label == "Save this view").click().run()

    assert [box.value for box in page.error] == [wording.plain("Give the view a name of 1 to 80 characters.")]


def test_the_strip_says_how_far_each_source_is_and_whether_counts_agree(show, company):
    strip = next(box for box in show(company).main.get("html") if "sg-strip" in box.proto.body).proto.body

    assert "main/default 0s behind" in strip
    assert "here, 31 there" in strip
    assert "crm 0s behind" in strip


def test_splitting_by_a_segment_adds_up_to_the_whole(show, company):
    page = show(company, by="Region")
    table = last(page, "rows")
    total = sum(row["cells"][-1]["sort"] for row in table["rows"])

    assert total == sum(row["items"] for row in rows_of(company, "in_flight"))


def last(page, name):
    """What the last of our own widgets of that name was told."""
    found = []
    for element in page.main:
        _collect(element, name, found)
    return found[-1]


def _collect(element, name, found):
    proto = getattr(element, "proto", None)
    if getattr(proto, "component_name", "").endswith(name):
        found.append(json.loads(proto.json))
    for child in getattr(element, "children", {}).values():
        _collect(child, name, found)


def test_without_a_stream_file_it_says_what_to_do(show, opened):
    page = show(opened(streams=[]))

    assert [box.proto.title for box in page.info] == ["No stream file is in force"]


def test_before_the_first_round_it_says_that_nothing_was_read(show, opened):
    page = show(opened(as_of=None), as_of=None, live="false")

    assert [box.proto.title.replace("\\", "") for box in page.info] == ["crm, main/default: nothing has been read yet"]
    assert stages(page)["approval"]["items"] == 0


def test_an_empty_stream_says_that_nothing_is_open(show, opened):
    page = show(opened(stories=[visit("old", [("request", -300)], ended="completed")]))

    assert [box.proto.title for box in page.info] == ["No request is open"]


def test_a_source_that_fails_is_named_with_its_error_and_the_last_data_stays(show, opened):
    service = opened(stories=[visit("one", [("request", -60)])], error="Connection refused by **Temporal**.")
    page = show(service, as_of="2026-03-02T12:00:30Z")

    assert [box.proto.title.replace("\\", "") for box in page.warning] == [
        "crm cannot be read",
        "main/default cannot be read",
    ]
    assert "\\*\\*Temporal\\*\\*" in page.warning[0].value
    assert stages(page)["request"]["items"] == 1


def test_one_part_that_fails_does_not_take_the_page(show, opened):
    service = opened(stories=[visit("one", [("request", -60)])])
    con = service.warehouse.cursor()
    con.execute("DROP TABLE pending_work")
    con.close()
    page = show(service)

    failed = [box.proto.title.removesuffix(" could not be drawn") for box in page.error]
    assert failed == ["Stuck", "What changed", "Open items", "Split"]
    assert stages(page)["request"]["items"] == 1


def test_hostile_names_reach_the_page_as_plain_text_only(show, opened):
    name = "<img src=x onerror=alert(1)> ![](http://evil/p.png) **x**"
    page = show(opened(stories=[visit(name, [("request", -60)])]))
    texts = [element.value for kind in ("markdown", "caption", "info", "header") for element in page.get(kind)]

    assert widget(page, "rows")["rows"][0]["cells"][0]["text"] == name
    assert not any("evil" in text or "<img" in text for text in texts)


def test_figures_lead_to_the_rows_that_they_count(show, company):
    hrefs = {key: figure["href"] for key, figure in figures(show(company, window="8h")).items()}

    for key, metric, column in (("in_flight", "open_items", None), ("over_target", "open_items", "over_target")):
        path, _, query = hrefs[key].partition("?")
        behind = dict(parse_qsl(query))
        assert (path, behind["metric"], behind["as_of"]) == ("./explore", metric, "2026-03-02T12:00:00Z")
        listed = show(company, "pages/explore.py", **behind)
        said = next(text.value for text in listed.markdown if "as of" in text.value)
        counted = [row for row in rows_of(company, metric) if column is None or row[column]]
        assert f"{len(counted)} rows" in said.replace("\\", "")
