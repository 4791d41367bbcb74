"""Bring the JSON of a history into protobuf's own JSON: names, enums, instants and payloads as others write them.

Guided by the message descriptors, so that it knows what each field should be: old enum names
('WorkflowExecutionStarted'), enum numbers, JavaScript's longs and instants ({low, high}, {seconds, nanos}),
payloads whose data is plain text, and payloads that were decoded to plain values.
"""

import base64
import binascii
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

ENCODING = re.compile(rb"[a-z0-9.+-]+/[a-z0-9.+-]+")
WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
TIMESTAMP, DURATION = "google.protobuf.Timestamp", "google.protobuf.Duration"
PAYLOAD, PAYLOADS = "temporal.api.common.v1.Payload", "temporal.api.common.v1.Payloads"
DURATION_WORDS = re.compile(r"([0-9.]+) (day|hour|minute|second|millisecond)s?")
SECONDS = {"day": 86_400.0, "hour": 3_600.0, "minute": 60.0, "second": 1.0, "millisecond": 0.001}
LONGS = frozenset(
    {
        FieldDescriptor.TYPE_INT64,
        FieldDescriptor.TYPE_UINT64,
        FieldDescriptor.TYPE_SINT64,
        FieldDescriptor.TYPE_FIXED64,
        FieldDescriptor.TYPE_SFIXED64,
    }
)


def proper(value: Any, message: Descriptor) -> Any:
    """`value`, a JSON object of `message`, as protobuf's JSON. Fields the message does not have are left out.

    Raises ValueError for a value that cannot be what its field needs.
    """
    if not isinstance(value, dict):
        raise ValueError(f"{message.name} should be an object, not {type(value).__name__}")
    found: dict[str, Any] = {}
    for key, inner in value.items():
        field = _field(message, key)
        is_blank = inner == "" and field is not None and field.message_type is not None
        if field is not None and inner is not None and not is_blank:
            found[field.json_name] = _proper_field(inner, field)
    return found


def _field(message: Descriptor, key: str) -> FieldDescriptor | None:
    named = message.fields_by_name.get(key) or message.fields_by_camelcase_name.get(key)
    return named if isinstance(named, FieldDescriptor) else None


def _proper_field(value: Any, field: FieldDescriptor) -> Any:
    kind = field.message_type
    if kind is not None and kind.GetOptions().map_entry:
        entry = kind.fields_by_name["value"]
        if not isinstance(value, dict):
            raise ValueError(f"{field.name} should be an object")
        return {str(key): _one(inner, entry) for key, inner in value.items() if inner is not None}
    if field.is_repeated:
        if kind is not None and kind.full_name == PAYLOAD and not isinstance(value, list):
            value = [value]
        if not isinstance(value, list):
            raise ValueError(f"{field.name} should be a list")
        return [_one(inner, field) for inner in value if inner is not None]
    return _one(value, field)


def _one(value: Any, field: FieldDescriptor) -> Any:
    if field.enum_type is not None:
        return _enum(value, field.enum_type)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _bytes(value)
    if field.type in LONGS:
        return _long(value)
    if field.message_type is None:
        return value
    return _message(value, field.message_type)


def _message(value: Any, message: Descriptor) -> Any:
    if message.full_name == TIMESTAMP:
        return _instant(value)
    if message.full_name == DURATION:
        return _duration(value)
    if message.full_name == PAYLOAD:
        return _payload(value)
    if message.full_name == PAYLOADS and isinstance(value, list):
        return {"payloads": [_payload(one) for one in value]}
    if isinstance(value, str) and "name" in message.fields_by_name:  # a type or a queue, shown by its name alone
        return {"name": value}
    return proper(value, message)


def _enum(value: Any, enum: EnumDescriptor) -> Any:
    if isinstance(value, int) or value in enum.values_by_name:
        return value
    if isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    wanted = "_".join(WORDS.split(str(value))).upper()
    for name in enum.values_by_name:
        if name == wanted or name.endswith(f"_{wanted}"):
            return name
    raise ValueError(f"{enum.name} does not know {str(value)[:60]!r}")


def _long(value: Any) -> Any:
    if isinstance(value, dict) and {"low", "high"} <= value.keys():
        low, high = int(value["low"]) & 0xFFFFFFFF, int(value["high"])
        return (high << 32) | low
    return value


def _seconds(value: dict[str, Any]) -> tuple[int, int]:
    return int(_long(value.get("seconds") or 0)), int(value.get("nanos") or 0)


def _instant(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    seconds, nanos = _seconds(value)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanos:09d}Z"


def _duration(value: Any) -> Any:
    if isinstance(value, str) and (said := DURATION_WORDS.findall(value)):
        return f"{sum(float(number) * SECONDS[word] for number, word in said):.9f}s"
    if not isinstance(value, dict):
        return value
    seconds, nanos = _seconds(value)
    return f"{seconds}.{nanos:09d}s"


def _bytes(value: Any) -> str:
    if isinstance(value, str):
        return value if _is_base64(value) else base64.b64encode(value.encode()).decode()
    if isinstance(value, dict) and value.get("type") == "Buffer":
        value = value.get("data")
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value, key=int)]
    if isinstance(value, list):
        return base64.b64encode(bytes(value)).decode()
    raise ValueError("bytes should be text")


def _payload(value: Any) -> Any:
    if not (isinstance(value, dict) and ("metadata" in value or "data" in value)):
        return _plain_payload(value)
    metadata = value.get("metadata")
    encoding = metadata.get("encoding", "") if isinstance(metadata, dict) else ""
    if isinstance(encoding, str) and not (_is_base64(encoding) and ENCODING.fullmatch(base64.b64decode(encoding))):
        return _plain_text_payload(value, metadata if isinstance(metadata, dict) else {})
    return {
        "metadata": {key: _bytes(one) for key, one in (metadata or {}).items()},
        "data": _bytes(value.get("data", "")),
    }


def _plain_text_payload(value: dict[str, Any], metadata: dict[str, Any]) -> Any:
    data = value.get("data", "")
    text = data if isinstance(data, str) else json.dumps(data)
    return {
        "metadata": {key: _encoded(str(one)) for key, one in metadata.items()},
        "data": _encoded(text),
    }


def _plain_payload(value: Any) -> Any:
    return {"metadata": {"encoding": _encoded("json/plain")}, "data": _encoded(json.dumps(value))}


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
