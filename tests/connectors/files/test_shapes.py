"""Every shape in which people keep histories gives the same rows."""

import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.internal.encoder import _VarintBytes
from temporalio.api.export.v1 import WorkflowExecution, WorkflowExecutions

from connectors.files import FileFault, FoundHistory, histories_in
from tests.connectors.files.conftest import events, history


def old_names(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    def words(name: str) -> str:
        return "".join(part.capitalize() for part in name.removeprefix("EVENT_TYPE_").split("_"))

    return [{**event, "eventType": words(event["eventType"])} for event in found]


def javascript(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Numbers for enums, {seconds, nanos} for instants, {low, high} for longs."""
    numbers = {"STARTED": 1, "TASK_SCHEDULED": 5, "TASK_STARTED": 6, "TASK_COMPLETED": 7}
    numbers |= {"ACTIVITY_TASK_SCHEDULED": 10, "SIGNALED": 26, "TERMINATED": 27}

    def number(name: str) -> int:
        return next(
            value for end, value in sorted(numbers.items(), key=lambda pair: -len(pair[0])) if name.endswith(end)
        )

    return [
        {
            **event,
            "eventId": {"low": int(event["eventId"]), "high": 0, "unsigned": False},
            "eventType": number(event["eventType"]),
            "eventTime": {"seconds": {"low": 1767614400 + index, "high": 0}, "nanos": 500_000_000},
        }
        for index, event in enumerate(found, start=1)
    ]


def plain_payloads(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As a Web UI downloads them: decoded."""
    first = json.loads(json.dumps(found[0]))
    first["workflowExecutionStartedEventAttributes"]["input"] = {
        "payloads": [{"metadata": {"encoding": "json/plain"}, "data": '{"amount": 12}'}]
    }
    return [first, *found[1:]]


def delimited(*messages: Any) -> bytes:
    return b"".join(_VarintBytes(message.ByteSize()) + message.SerializeToString() for message in messages)


def export_of_length(low_bits: int) -> bytes:
    """An export whose one item is so long that the second byte of its length is this one."""
    item = WorkflowExecution(history=history())
    padding = item.history.events[-2].workflow_execution_signaled_event_attributes
    while (item.ByteSize() >> 7) != low_bits or item.ByteSize() & 0x7F != 0x3B:
        padding.identity += "x" * max(1, ((low_bits << 7) + 0x3B - item.ByteSize()) // 2)
    return WorkflowExecutions(items=[item]).SerializeToString()


def text(document: Any) -> bytes:
    return json.dumps(document).encode()


SHAPES: dict[str, Callable[[], bytes]] = {
    "the CLI's JSON": lambda: text({"events": events()}),
    "a bare array": lambda: text(events()),
    "an object that holds a history": lambda: text({"history": {"events": events()}, "namespace": "x"}),
    "an array of histories": lambda: text([{"events": events()}]),
    "newest first": lambda: text(events()[::-1]),
    "old names of events": lambda: text({"events": old_names(events())}),
    "what JavaScript prints": lambda: text(javascript(events())),
    "payloads as plain text": lambda: text(plain_payloads(events())),
    "payloads as plain values": lambda: text(
        [
            {
                **events()[0],
                "workflowExecutionStartedEventAttributes": {
                    **events()[0]["workflowExecutionStartedEventAttributes"],
                    "input": [{"amount": 12}],
                },
            },
            *events()[1:],
        ]
    ),
    "without task ids": lambda: text([{k: v for k, v in event.items() if k != "taskId"} for event in events()]),
    "compressed": lambda: gzip.compress(text({"events": events()})),
    "as a shell of Windows writes it": lambda: json.dumps({"events": events()}).encode("utf-16"),
    "an array over many lines": lambda: json.dumps([{"events": events()}], indent=2).encode(),
    "a bare array over many lines": lambda: json.dumps(events(), indent=2).encode(),
    "an export as JSON": lambda: text({"items": [{"history": {"events": events()}}]}),
    "compressed by xz": lambda: lzma.compress(text({"events": events()})),
    "with a byte order mark": lambda: b"\xef\xbb\xbf" + text({"events": events()}),
    "an export": lambda: WorkflowExecutions(items=[WorkflowExecution(history=history())]).SerializeToString(),
    "an export, each item behind its length": lambda: delimited(WorkflowExecution(history=history())),
    "an export, each part behind its length": lambda: delimited(
        WorkflowExecutions(items=[WorkflowExecution(history=history())])
    ),
    # Its first bytes are those of a line feed and a brace, which JSON may begin with, too.
    "an export whose length looks like JSON": lambda: export_of_length(0x7B),
    "a history in protobuf": lambda: history().SerializeToString(),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_reads(shape: str, tmp_path: Path) -> None:
    file = tmp_path / "history"
    file.write_bytes(SHAPES[shape]())

    (found,) = histories_in(file)

    assert isinstance(found, FoundHistory), found
    wanted = history().events
    assert [event.event_type for event in found.events] == [event.event_type for event in wanted]
    assert [event.event_time for event in found.events] == [event.event_time for event in wanted]
    started = found.events[0].workflow_execution_started_event_attributes
    assert json.loads(started.input.payloads[0].data) == {"amount": 12}
    assert dict(started.input.payloads[0].metadata) == {"encoding": b"json/plain"}


FAULTS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "It is empty."),
    "other JSON": (b'{"a": 1}', "It is no history: an object with a."),
    "prose": (b"Dear Sir or Madam, please find attached", "It is neither JSON nor an export in protobuf"),
    "JSON that breaks off": (text({"events": events()})[:-40], "It is no JSON"),
    "an export that breaks off": (
        WorkflowExecutions(items=[WorkflowExecution(history=history())]).SerializeToString()[:-9],
        "It breaks off",
    ),
    "xz that breaks off": (lzma.compress(text({"events": events()}))[:-30], "Its compression is damaged"),
    "compression that breaks off": (gzip.compress(text({"events": events()}))[:-30], "Its compression is damaged"),
    "an event of no known type": (
        text([{**events()[0], "eventType": "CoffeeSpilled"}]),
        "EventType does not know 'CoffeeSpilled'",
    ),
    "a hole": (text(events()[:3] + events()[4:]), "Events are missing between 3 and 5."),
    "no beginning": (text(events()[1:]), "It does not begin with WorkflowExecutionStarted"),
    "deep nesting": (b"[" * 200_000, "It is no JSON"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_names_what_is_wrong_with(fault: str, tmp_path: Path) -> None:
    content, problem = FAULTS[fault]
    file = tmp_path / "broken"
    file.write_bytes(content)

    (found,) = histories_in(file)

    assert isinstance(found, FileFault), found
    assert found.place.startswith(str(file))
    assert problem in found.problem


def test_documents_may_follow_each_other_over_many_lines(tmp_path: Path) -> None:
    file = tmp_path / "many.json"
    file.write_text("\n".join(json.dumps(events(f"run-{number}"), indent=1) for number in range(3)))

    found = list(histories_in(file))

    assert [len(one.events) for one in found if isinstance(one, FoundHistory)] == [7, 7, 7]


def test_a_broken_element_is_named_by_its_line_and_those_before_it_are_read(tmp_path: Path) -> None:
    file = tmp_path / "many.json"
    file.write_text(f'[\n{json.dumps({"events": events()})},\n{{"events": [}}]\n]')

    kinds = [(type(found).__name__, found.place.removeprefix(str(file))) for found in histories_in(file)]

    assert kinds == [("FoundHistory", "[0].events"), ("FileFault", ":3")]


def test_a_broken_line_does_not_stop_the_lines_after_it(tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    good = json.dumps({"events": events()})
    file.write_text(f"{good}\n{{oops\n\n{good}\n")

    kinds = [(type(found).__name__, found.place.removeprefix(str(file))) for found in histories_in(file)]

    assert kinds == [("FoundHistory", ".events"), ("FileFault", ":2"), ("FoundHistory", ":4.events")]
