"""Ways out: where an item is shown elsewhere."""

from collections.abc import Iterable
from urllib.parse import quote

from app.config import ClusterConfig
from app.ui.health import Row
from value_stream import Stream


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
