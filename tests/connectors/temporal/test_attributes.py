"""Which values of an event are kept. No server: events as a server sends them."""

from temporalio.api.common.v1 import ActivityType, Memo, SearchAttributes
from temporalio.api.history import v1 as api

from connectors.temporal.attributes import Declared
from connectors.temporal.histories import History
from tests.fixtures.history_events import Path, arguments, event, plain, started

RUN = "run"


def kept(*events: api.HistoryEvent, declared: tuple[Path, ...] = ()) -> list[tuple[int, str, str | None]]:
    rows = History(RUN, Declared(declared)).read(events).attributes
    return [(row["event_id"], row["path"], row["value"]) for row in rows]


def test_search_attributes_are_always_kept_and_nothing_else_without_being_declared() -> None:
    attributes = SearchAttributes(indexed_fields={"Stage": plain(["quote"]), "Priority": plain(None)})
    made = started(
        search_attributes=attributes, memo=Memo(fields={"channel": plain("mail")}), input=arguments({"name": "Ada"})
    )
    assert kept(made) == [(1, "search_attribute.Priority", None), (1, "search_attribute.Stage", "quote")]


def test_declared_paths_are_kept_where_kind_and_name_fit() -> None:
    declared = (
        Path("start", "Request", "input.1.b"),
        Path("start", "Other", "input.a"),
        Path("start", None, "input.missing"),
        Path("memo", None, "memo.channel"),
        Path("memo", None, "memo.customer.id"),
    )
    made = started(
        input=arguments({"a": 1}, {"b": True}),
        memo=Memo(fields={"channel": plain("mail"), "customer": plain({"id": 7})}),
    )
    assert kept(made, declared=declared) == [
        (1, "memo.channel", "mail"),
        (1, "memo.customer.id", "7"),
        (1, "input.1.b", "true"),
    ]


def test_results_are_declared_by_the_name_of_the_activity_they_answer() -> None:
    def scheduled(event_id: int, name: str) -> api.HistoryEvent:
        attributes = api.ActivityTaskScheduledEventAttributes(activity_type=ActivityType(name=name))
        return event(10, attributes, event_id)

    def completed(event_id: int, answers: int) -> api.HistoryEvent:
        result = arguments({"score": event_id})
        return event(12, api.ActivityTaskCompletedEventAttributes(scheduled_event_id=answers, result=result), event_id)

    declared = (Path("activity_result", "score", "result.score"),)
    events = [scheduled(1, "score"), scheduled(2, "other"), completed(3, 2), completed(4, 1)]
    assert kept(*events, declared=declared) == [(4, "result.score", "4")]
    # Read again from the first event by somebody who keeps the first three already.
    resumed = History(RUN, Declared(declared), next_event_id=4)
    assert [row["path"] for row in resumed.read(events).attributes] == ["result.score"]


def test_a_long_value_is_cut_and_flagged() -> None:
    made = started(search_attributes=SearchAttributes(indexed_fields={"Note": plain("x" * 5000)}))
    (row,) = History(RUN, Declared()).read([made]).attributes
    assert (len(row["value"]), row["is_cut"]) == (1024, True)
