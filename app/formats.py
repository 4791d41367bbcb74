"""An answer as bytes for people and programs: JSON, CSV, Parquet."""

import csv
import io
import json
import math
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from app.answers import Answer, to_ipc

# A spreadsheet runs a cell that begins so. Text from workflows is hostile, so it gets a leading apostrophe.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}


def encoded(found: Answer, name: str) -> bytes:
    """The answer in one of the formats of MEDIA_TYPES."""
    encode = {"json": to_json, "csv": to_csv, "parquet": to_parquet, "arrow": to_ipc}
    return encode[name](found)


def to_json(found: Answer) -> bytes:
    """One object: metric, as_of, definition, note, columns, rows.

    Instants are ISO 8601 UTC; what is not a number is null.
    """
    rows = [{name: plain(value) for name, value in row.items()} for row in found.table.to_pylist()]
    content = {
        "metric": found.metric,
        "as_of": plain(found.as_of),
        "definition": found.definition,
        "note": found.note,
        "columns": found.table.column_names,
        "rows": rows,
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"


def to_csv(found: Answer) -> bytes:
    """RFC 4180 with a header, UTF-8, decimal points; text that a spreadsheet would run as a formula is made inert."""
    sink = io.StringIO(newline="")
    writer = csv.writer(sink)
    writer.writerow([inert(name) for name in found.table.column_names])
    for row in found.table.to_pylist():
        writer.writerow([inert(plain(value)) for value in row.values()])
    return sink.getvalue().encode()


def to_parquet(found: Answer) -> bytes:
    """Parquet with metric, definition and as_of as the file's metadata."""
    meaning = {"metric": found.metric, "definition": found.definition, "as_of": found.as_of.isoformat()}
    sink = pa.BufferOutputStream()
    pq.write_table(found.table.replace_schema_metadata(meaning), sink)
    return sink.getvalue().to_pybytes()


def plain(value: object) -> object:
    """The value as JSON has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def inert(value: object) -> object:
    """Text that a spreadsheet would run as a formula, so that it does not."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return value
