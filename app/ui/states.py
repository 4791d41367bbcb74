"""Why there is nothing, or less than one thinks: four situations, four different sentences. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.ui import wording
from app.ui.health import Trust


@dataclass(frozen=True)
class Sentence:
    """kind: no stream | not read yet | source down | filtered | empty. Plain text; escape it for Markdown."""

    kind: str
    title: str
    words: str


NO_STREAM = Sentence(
    "no stream",
    "No stream file is in force",
    "A stream file says which stages your work goes through. Name one under `streams` in streamgauge.toml and start"
    " again; `streamgauge check` says what is found.",
)


def sentences(
    found: Sequence[Trust],
    *,
    item: str,
    items: int,
    items_without_filter: int,
    where: Sequence[tuple[str, str]],
    as_of: datetime,
) -> list[Sentence]:
    """All that a viewer must know before reading the figures; none when all is well and something is shown."""
    said = of_sources(found)
    if items or said:
        return said
    if where and items_without_filter:
        return [_filtered(item, where, items_without_filter)]
    return [_empty(item, as_of)]


def of_sources(found: Sequence[Trust]) -> list[Sentence]:
    """What must be known of the sources: those that cannot be read, and those that were not read yet."""
    said = [_down(each) for each in found if each.state == "down"]
    waiting = [each.source for each in found if each.state == "waiting"]
    return said + ([_not_read_yet(waiting)] if waiting else [])


def _down(source: Trust) -> Sentence:
    error = f" {source.error}" if source.error else ""
    return Sentence(
        "source down",
        f"{source.source} cannot be read",
        f"What it last gave is shown. {source.detail}.{error if source.error not in source.detail else ''}"
        if source.error
        else f"What it last gave is shown: {source.detail}. No round has ended since.",
    )


def _not_read_yet(sources: Sequence[str]) -> Sentence:
    names = ", ".join(sources)
    return Sentence(
        "not read yet", f"{names}: nothing has been read yet", "The first round is under way; wait a moment."
    )


def _filtered(item: str, where: Sequence[tuple[str, str]], without: int) -> Sentence:
    chosen = " and ".join(f"{segment} = {value}" for segment, value in where)
    verb = "is" if without == 1 else "are"
    return Sentence(
        "filtered",
        f"No open {item} has {chosen}",
        f"{wording.plural(without, item)} {verb} open without this filter.",
    )


def _empty(item: str, as_of: datetime) -> Sentence:
    return Sentence(
        "empty",
        f"No {item} is open",
        f"As of {wording.clock(as_of)} UTC every {item} had ended. New ones appear here by themselves.",
    )
