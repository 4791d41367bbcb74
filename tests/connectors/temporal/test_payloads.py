"""What is read out of payloads, and what is not."""

import json
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload, Payloads

from connectors.temporal.payloads import MISSING, argument, as_text, cut, decode, search_attribute


def plain(value: Any) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(value).encode())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("quote", "quote"),
        (7, "7"),
        (0.5, "0.5"),
        (True, "true"),
        (None, None),
        ([1, {"a": "é"}], '[1,{"a":"é"}]'),
        ("", ""),
    ],
)
def test_scalars_are_kept_as_text_and_the_rest_as_json(value: Any, text: str | None) -> None:
    assert as_text(decode(plain(value))) == text


@pytest.mark.parametrize(
    ("value", "text"), [(["quote"], "quote"), ("quote", "quote"), ([], None), (None, None), (["a", "b"], '["a","b"]')]
)
def test_a_search_attribute_of_one_is_unwrapped_and_an_empty_one_is_unset(value: Any, text: str | None) -> None:
    assert search_attribute(plain(value)) == text


@pytest.mark.parametrize(
    "payload",
    [
        Payload(metadata={"encoding": b"binary/encrypted"}, data=b'{"a": 1}'),
        Payload(metadata={"encoding": b"binary/null"}),
        Payload(metadata={"encoding": b"json/plain"}, data=b"{broken"),
        Payload(metadata={"encoding": b"json/plain"}, data=b"[" * 200_000),
        Payload(metadata={"encoding": b"json/plain"}, data=b"9" * 10_000),
        Payload(metadata={"encoding": b"json/plain"}, data=b"\xff\xfe"),
        Payload(data=b"1"),
    ],
)
def test_what_cannot_be_read_is_null_and_is_not_guessed_at(payload: Payload) -> None:
    assert decode(payload) is None
    assert search_attribute(payload) is None


def test_protobuf_json_is_read_too() -> None:
    payload = Payload(metadata={"encoding": b"json/protobuf", "messageType": b"x.Y"}, data=b'{"a": {"b": "c"}}')
    assert argument(Payloads(payloads=[payload]), ["a", "b"]) == "c"


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ([], {"a": {"b": 1}}),
        (["a", "b"], 1),
        (["0", "a", "b"], 1),
        (["1", "items", "1"], "y"),
        (["1", "items", "2"], MISSING),
        (["1", "items", "x"], MISSING),
        (["2"], MISSING),
        (["a", "b", "c"], MISSING),
        (["1", "none"], None),
    ],
)
def test_a_path_counts_arguments_from_nought_and_walks_objects_and_lists(steps: list[str], found: object) -> None:
    payloads = Payloads(payloads=[plain({"a": {"b": 1}}), plain({"items": ["x", "y"], "none": None})])
    assert argument(payloads, steps) == found


def test_an_argument_that_cannot_be_read_is_null_rather_than_missing() -> None:
    payloads = Payloads(payloads=[Payload(metadata={"encoding": b"binary/encrypted"}, data=b"x")])
    assert argument(payloads, ["a"]) is None


def test_long_values_are_cut_at_a_whole_character_and_say_so() -> None:
    assert cut("a" * 1024) == ("a" * 1024, False)
    assert cut("a" * 1025) == ("a" * 1024, True)
    assert cut("a" + "é" * 600) == ("a" + "é" * 511, True)


def test_what_no_database_stores_is_replaced() -> None:
    assert cut("a\x00b") == ("a\ufffdb", False)
    assert cut(str(decode(Payload(metadata={"encoding": b"json/plain"}, data=b'"\\ud800x"')))) == ("\ufffdx", False)
