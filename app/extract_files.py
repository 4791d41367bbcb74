"""An extract as a file: CSV that begins to flow at once, Excel and Parquet, all in bounded memory."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import xlsxwriter

from app.errors import AskError
from app.exports import Extract
from app.formats import inert, plain

# What one sheet of Excel holds; the first row is the header.
MOST_SHEET_ROWS = 1_048_575
MOST_CELL_CHARACTERS = 32_767
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
_META = b"streamgauge"


def csv_lines(extract: Extract) -> Iterator[bytes]:
    """RFC 4180 with a header, UTF-8, decimal points, a piece for each batch; no cell can run as a formula."""
    yield _lines([[inert(name) for name in extract.asked.columns]])
    for batch in extract.batches():
        yield _lines([[inert(plain(value)) for value in row.values()] for row in batch.to_pylist()])


def write_csv(extract: Extract, path: Path, about: Mapping[str, object]) -> None:
    """The same into a file; what it is stands in a file beside it."""
    with path.open("wb") as sink:
        sink.writelines(csv_lines(extract))
    manifest_path(path).write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def write_parquet(extract: Extract, path: Path, about: Mapping[str, object]) -> None:
    """Parquet, batch by batch, with the manifest as the file's metadata."""
    batches = extract.batches()
    first = next(batches, None)
    schema = first.schema if first is not None else extract.table().schema
    schema = schema.with_metadata({_META: json.dumps(about, ensure_ascii=False).encode()})
    with pq.ParquetWriter(path, schema) as writer:
        for batch in (*([first] if first is not None else []), *batches):
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))


def write_xlsx(extract: Extract, path: Path, about: Mapping[str, object]) -> None:
    """A sheet of rows and a sheet that says what they are. Text stays text, whatever it begins with.

    Raises AskError for more rows than a sheet holds.
    """
    if extract.rows > MOST_SHEET_ROWS:
        raise AskError(
            f"{extract.rows:,} rows are more than the {MOST_SHEET_ROWS:,} that an Excel sheet holds. "
            "Take CSV or Parquet, or filter."
        )
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet, bold = book.add_worksheet("rows"), book.add_format({"bold": True})
        instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(extract.asked.columns):
            sheet.write_string(0, column, name, bold)
        for number, row in enumerate(_rows(extract), start=1):
            for column, value in enumerate(row):
                _write(sheet, number, column, value, instant)
        _about_sheet(book, about, bold)


WRITERS: Mapping[str, Callable[[Extract, Path, Mapping[str, object]], None]] = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "parquet": write_parquet,
}


def manifest_path(path: Path) -> Path:
    """Where the manifest of a file without room for one stands: beside it."""
    return path.with_name(path.name + ".manifest.json")


def _rows(extract: Extract) -> Iterator[list[Any]]:
    for batch in extract.batches():
        for row in batch.to_pylist():
            yield list(row.values())


def _lines(rows: list[list[object]]) -> bytes:
    sink = io.StringIO(newline="")
    csv.writer(sink).writerows(rows)
    return sink.getvalue().encode()


def _write(sheet: Any, row: int, column: int, value: object, instant: Any) -> None:
    """One cell. Instants are dates of the spreadsheet, UTC; it knows no time zones and no microseconds."""
    value = plain(value) if not isinstance(value, datetime) else value.replace(tzinfo=None)
    if value is None:
        return
    if isinstance(value, datetime):
        sheet.write_datetime(row, column, value, instant)
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, str(value)[:MOST_CELL_CHARACTERS])


def _about_sheet(book: Any, about: Mapping[str, object], bold: Any) -> None:
    sheet = book.add_worksheet("about")
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 110)
    for number, (name, value) in enumerate(about.items()):
        text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
        sheet.write_string(number, 0, name.replace("_", " "), bold)
        sheet.write_string(number, 1, text[:MOST_CELL_CHARACTERS])


__all__ = ["MEDIA_TYPES", "WRITERS", "csv_lines", "manifest_path"]
