"""A row of a database as JSON text: the same row gives the same text, always."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

MAX_TEXT = 65_536  # Characters kept of one value: the warehouse is no document store.
MAX_DEPTH = 50  # Levels kept of nested JSON: far beyond what a rule can name, far below where Python gives up.
MAX_DIGITS = 400  # Beyond what a float can hold, decimals keep their exponent.
BYTES = (bytes, bytearray, memoryview)
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def content_text(row: Mapping[str, object]) -> str:
    """The row as a JSON object with sorted keys.

    Decimals and UUIDs are text, instants ISO 8601 in UTC, dates and times ISO 8601, JSON and arrays are JSON, bytes
    only their number `{"bytes": n}`. A timestamp without zone is taken as UTC. NaN and infinities are text. NUL and
    lone surrogates, which cannot be stored, become U+FFFD. Text beyond 65,536 characters is cut.
    """
    plain = {_storable(name): _plain(value) for name, value in row.items()}
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def row_id(key: Sequence[object]) -> str:
    """The values of the key columns as a JSON array. Bytes are hexadecimal, or no two were told apart."""
    plain = [bytes(value).hex() if isinstance(value, BYTES) else _plain(value) for value in key]
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def instant_text(instant: datetime) -> str:
    """ISO 8601 in UTC, `2026-03-01T12:00:00.5Z` style; one without zone is taken as UTC."""
    try:
        aware = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except OverflowError:  # Within hours of the first or last year there is.
        return instant.isoformat()
    return aware.isoformat().removesuffix("+00:00") + "Z"


def _plain(value: object, depth: int = 0) -> object:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _number_text(value)
    if isinstance(value, str):
        return _storable(value)
    if depth >= MAX_DEPTH:
        return "(nested too deeply)"
    if isinstance(value, Mapping):
        return {_storable(str(name)): _plain(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        ordered = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [_plain(inner, depth + 1) for inner in ordered]
    return _scalar(value)


def _scalar(value: object) -> object:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return _decimal_text(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, BYTES):
        return {"bytes": memoryview(value).nbytes}
    return _storable(str(value))  # Ranges, addresses and whatever else a driver has a class for.


def _decimal_text(value: Decimal) -> str:
    if value.is_nan():
        return "NaN"
    if value.is_infinite():
        return _number_text(float(value))
    return format(value, "f") if abs(value.adjusted()) <= MAX_DIGITS else str(value)


def _number_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _storable(text: str) -> str:
    return UNSTORABLE.sub("\ufffd", text[:MAX_TEXT])
