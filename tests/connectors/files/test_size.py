"""Large files are read in the memory of one history."""

import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from temporalio.api.export.v1 import WorkflowExecution, WorkflowExecutions

from connectors.files import FoundHistory, histories_in
from tests.connectors.files.conftest import events, history

HISTORIES = 48
PAYLOAD = "w" * 500_000
BOUND_BYTES = 10_000_000  # The whole file takes more than twice that.


def document(number: int) -> str:
    told = events(f"run-{number}")
    told[5]["workflowExecutionSignaledEventAttributes"]["header"] = {"fields": {"long": {"data": PAYLOAD}}}
    return json.dumps({"events": told})


def an_array() -> bytes:
    return f"[{', '.join(document(number) for number in range(HISTORIES))}]".encode()


def lines() -> bytes:
    return "\n".join(document(number) for number in range(HISTORIES)).encode()


def items() -> bytes:
    return f'{{"items": [{", ".join(document(number) for number in range(HISTORIES))}]}}'.encode()


def an_export() -> bytes:
    found = WorkflowExecutions()
    for number in range(HISTORIES):
        made = history(f"run-{number}")
        made.events[5].workflow_execution_signaled_event_attributes.input.payloads.add(data=PAYLOAD.encode())
        found.items.append(WorkflowExecution(history=made))
    return found.SerializeToString()


@pytest.mark.parametrize("shape", [an_array, lines, items, an_export])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "compressed"])
def test_a_file_of_many_histories_takes_the_memory_of_one(
    shape: Callable[[], bytes], pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    file = tmp_path / "many"
    file.write_bytes(pack(shape()))
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        runs = 0
        for found in histories_in(file):
            assert isinstance(found, FoundHistory), found
            runs += 1
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert runs == HISTORIES
    assert most - before < BOUND_BYTES
