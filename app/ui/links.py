"""Ways on: to another page of ours with the same filters, and out, to where an item is shown elsewhere."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NoReturn
from urllib.parse import quote, urlencode

import streamlit as st

from app.config import ClusterConfig
from app.screens import screen
from app.ui import url
from app.ui.health import Row
from app.ui.url import Filters
from value_stream import Stream

EXPLORE = "explore"


def address(name: str, chosen: Filters, **own: str | None) -> str:
    """Where a page of ours shows the same stream, instant and filters, and its `own` parameters; None leaves one out.

    Relative, so that it holds wherever the pages are mounted.
    """
    given = {**url.parameters(chosen), **{key: value for key, value in own.items() if value is not None}}
    return f"./{screen(name).path}" + (f"?{urlencode(given)}" if given else "")


def open_screen(name: str, **own: str) -> NoReturn:
    """Go to another page of ours; what is chosen above the page stays. `own`: parameters of that page."""
    st.switch_page(screen(name).file, query_params=own)


def screen_link(name: str, label: str, *, icon: str | None = None, **own: str) -> None:
    """Draw a link to another page of ours; what is chosen above the page stays. `own`: parameters of that page."""
    st.page_link(screen(name).file, label=label, icon=icon, query_params=own)


def rows_behind(metric: str, chosen: Filters, where: Mapping[str, str] | None = None) -> dict[str, str]:
    """Parameters with which the page of all rows (EXPLORE) lists what a figure counted.

    metric: whose rows. `where`: further segments, such as the stage that was clicked.
    """
    window = {"window": chosen.window}
    return {"metric": metric, **window, **{url.WHERE + segment: value for segment, value in (where or {}).items()}}


def explore(metric: str, chosen: Filters, *, filter: str | None = None) -> str:
    """Where EXPLORE lists the rows of `metric`, with one more filter of rows."""
    return address(EXPLORE, chosen, **rows_behind(metric, chosen), filter=filter)


def item_page(chosen: Filters, row: Row) -> str:
    """Our own page about an item, as of the same instant; filters stay behind, they do not narrow one item."""
    return address("item", replace(chosen, where=()), item=row["item"] or row["workflow_id"])


def item_link(stream: Stream, row: Row) -> str | None:
    """The item in the organisation's own tool, where the stream file says how to get there."""
    key = row["item"] or row["workflow_id"]
    return stream.item.link.replace("{item}", quote(key, safe="")) if stream.item.link else None


def run_link(clusters: Iterable[ClusterConfig], row: Row) -> str | None:
    """The newest run in Temporal's Web UI; None for a cluster whose Web UI is not configured."""
    cluster, _, namespace = row["source"].partition("/")
    addresses = {each.name: each.web_ui for each in clusters}
    address = addresses.get(cluster)
    if not address:
        return None
    path = "/".join(quote(part, safe="") for part in (namespace, "workflows", row["workflow_id"], row["run_id"]))
    return f"{address.rstrip('/')}/namespaces/{path}/history"
