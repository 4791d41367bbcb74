"""What the Explore page says and draws of rows, without Streamlit's state. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

import metrics
from app.exports import METRIC, TABLE, Extract
from app.ui import charts, wording
from warehouse.selecting import Kind
from warehouse.views import VIEWS

ITEM, STREAM = "item", "stream"
PAGE_ROWS = 500
TALLEST, MOST_SHOWN = 620, 17  # Pixels of a table that scrolls; more rows than that do.
# More points than that are no picture.
MOST_POINTS = 500
COUNTS = ("rows", "n")  # of rows, whatever is summed up
VALUE_HELP: Mapping[Kind, str] = {
    "number": "A number, such as 3600.",
    "instant": "An instant, UTC: 2026-11-22T14:30.",
    "yes or no": "true or false.",
    "text": "The text as it is; with “contains”, any part of it.",
}


def relations() -> dict[str, str]:
    """All that has rows: `metric.NAME` and `table.NAME`, each with its title."""
    of_metrics = {f"{METRIC}.{each.name}": each.title for each in metrics.ALL}
    of_tables = {f"{TABLE}.{view.name}": f"Table: {view.name.replace('_', ' ')}" for view in VIEWS}
    return {**of_metrics, **of_tables}


def where_we_are(extract: Extract, shown: int, skip: int) -> str:
    """Which rows of how many, and of what instant."""
    rows = wording.plural(extract.rows, "row")
    part = f"rows {wording.count(skip + 1)} to {wording.count(skip + shown)} of " if shown < extract.rows else ""
    groups = " after grouping" if extract.wish.selection.group else ""
    return f"{extract.title}: {part}{rows}{groups}, as of {extract.as_of:%Y-%m-%d %H:%M:%S} UTC"


def why_nothing(extract: Extract) -> str:
    """Why there is no row, in a sentence."""
    if extract.rows:
        return f"There is no such page: {wording.plural(extract.rows, 'row')} in all. Go to the first."
    if extract.wish.selection.filters:
        return "No row passes the filters. Take one off."
    if extract.wish.ask.where:
        return "Nothing passes the filters above the page. Take one off there."
    return f"{extract.title} has no rows as of this instant."


def frame(table: pa.Table) -> pd.DataFrame:
    """The rows for the screen."""
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def column_config(
    names: Sequence[str], kinds: Mapping[str, Kind], meanings: Mapping[str, str], *, opened: str
) -> dict[str, Any]:
    """How each column is shown: its meaning behind its name, instants to the second; items open at a click.

    opened: where the session keeps which item was clicked.
    """
    shown: dict[str, Any] = {}
    for name in names:
        meaning = meanings.get(name) or None
        kind = kinds.get(name, "number")
        if name == ITEM:
            told = f"{meaning or ''} A click opens its page.".strip()
            shown[name] = st.column_config.ButtonColumn(
                f"{name} ↗", help=told, type="tertiary", alignment="left", key=opened
            )
        elif kind == "instant":
            shown[name] = st.column_config.DatetimeColumn(name, help=meaning, format="YYYY-MM-DD HH:mm:ss")
        elif kind == "number":
            shown[name] = st.column_config.NumberColumn(name, help=meaning)
        else:
            shown[name] = st.column_config.Column(name, help=meaning)
    return shown


def stream_of(table: pa.Table, item: str) -> str | None:
    """The stream of an item among these rows, where they say it."""
    if not {ITEM, STREAM} <= set(table.column_names):
        return None
    pairs = zip(table.column(ITEM).to_pylist(), table.column(STREAM).to_pylist(), strict=True)
    return next((stream for name, stream in pairs if name == item), None)


def number_columns(extract: Extract) -> list[str]:
    """Columns of the result that can be drawn upwards."""
    summed = set(extract.asked.columns) - set(extract.kinds)
    return [name for name in extract.asked.columns if name in summed or extract.kinds.get(name) == "number"]


def words_of(name: str, extract: Extract) -> str:
    """A column's name beside an axis; of what sums up others, with what it sums up and so with its unit."""
    measure = extract.wish.selection.measure
    is_summary = name in extract.asked.columns and name not in extract.kinds and name not in COUNTS
    return f"{name} of {measure}" if measure and is_summary else name


def figure(table: pa.Table, x: str, y: str, drawn: str, *, words: str) -> charts.Figure:
    """One chart of these rows, in their order; at most MOST_POINTS of them. words: what stands beside the axis of y."""
    cut = table.select([x, y] if x != y else [x]).slice(0, MOST_POINTS)
    across = [_label(value) for value in cut.column(x).to_pylist()]
    trace: dict[str, Any] = {"x": across, "y": cut.column(y).to_pylist(), "name": charts.text(y)}
    if drawn == "bars":
        trace |= {"type": "bar"}
    else:
        trace |= {"type": "scatter", "mode": "lines" if drawn == "line" else "markers"}
    layout = {
        "xaxis": {"title": {"text": charts.text(x)}},
        "yaxis": {"title": {"text": charts.text(words)}},
        "showlegend": False,
    }
    return {"data": [trace], "layout": layout}


def _label(value: object) -> object:
    return charts.text(value) if isinstance(value, str) else "(none)" if value is None else value
