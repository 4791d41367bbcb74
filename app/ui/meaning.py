"""What stands behind a "?": definition, n, unit, grain, instant, sources, how to ask for the same elsewhere. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from app.ui import wording
from metrics import Metric

Facts: TypeAlias = list[list[str]]  # Pairs of a name and words; the definition has no name.


def facts(
    metric: Metric, *, n: str = "", as_of: datetime | None = None, sources: Sequence[str] = (), extra: str = ""
) -> Facts:
    """Everything one must know to trust a figure of `metric`.

    n: how many what, in words, such as "20 requests in flight". extra: how this figure differs from the metric.
    """
    found = [
        ["", f"{extra} {metric.definition}".strip()],
        ["n", n],
        ["Unit", metric.unit],
        ["Grain", metric.grain],
        ["As of", f"{as_of:%Y-%m-%d %H:%M:%S} UTC" if as_of else ""],
        ["From", ", ".join(sources)],
        ["Ask", f"streamgauge show {metric.name}"],
    ]
    return [fact for fact in found if fact[1]]


def markdown(found: Facts) -> str:
    """The same for a place that reads Markdown; all words are escaped."""
    lines = [
        f"**{wording.plain(name)}:** {wording.plain(words)}" if name else wording.plain(words) for name, words in found
    ]
    return "\n\n".join(lines)
