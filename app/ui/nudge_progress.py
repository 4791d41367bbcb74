"""How a nudge goes: each item as it is done, and then what became of it, for as long as somebody looks."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import streamlit as st

from actions.plan import Plan
from actions.send import Sent
from app.nudging import Sending
from app.service import Service
from app.ui import wording
from metrics import Question, find
from value_stream import Stream

LOOK_SECONDS = 3.0
TALL = 5  # Items of a list that is shown whole; a longer one scrolls.
OUTCOMES = {
    "accepted": ":material/check_circle: accepted",
    "refused": ":material/block: refused",
    "failed": ":material/error: failed",
    "skipped": ":material/skip_next: skipped",
    "stopped": ":material/front_hand: stopped",
}
SINCE = {
    "moved": ":material/trending_flat: moved",
    "same failure again": ":material/replay: the same failure again",
    "no change yet": ":material/hourglass_top: no change yet",
    "ended badly": ":material/dangerous: ended badly",
}


def height(items: int) -> int | Literal["content"]:
    """Of a list of so many items."""
    return 330 if items > TALL else "content"


def watch(service: Service, stream: Stream, sending: Sending) -> None:
    """Show each item as it is done; at the end, what moves. Raises what ended the sending."""
    plan, place = sending.plan, st.empty()
    for sent in sending.follow():
        done = len(sending.results)
        place.progress(min(done / len(plan.lines), 1.0), text=f"{done} of {len(plan.lines)}: {sent.outcome}")
    place.empty()
    counts = Counter(sent.outcome for sent in sending.results if sent.line is not None)
    st.markdown(f"**{wording.plain(plan.title)}**: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    for sent in sending.results:
        if sent.line is None:
            st.warning(wording.plain(sent.words), icon=":material/front_hand:")
    is_open = bool(counts["accepted"])
    body = st.fragment(_since, run_every=LOOK_SECONDS if is_open else None, key="nudge-since")
    body(service, stream, plan, sending.results)


def _since(service: Service, stream: Stream, plan: Plan, results: Sequence[Sent]) -> None:
    """One line an item: how it went, and what became of it."""
    with service.warehouse.reading() as con:
        asked = Question(as_of=datetime.now(UTC), where=(("plan", plan.plan),))
        known = {row["workflow_id"]: row for row in find("nudges")(con, stream, asked).to_pylist()}
    targets = {line.number: line.target for line in plan.lines}
    with st.container(key="nudge-results", height=height(len(plan.lines)), border=True):
        for sent in results:
            if sent.line is not None:
                target = targets[sent.line]
                since = _since_words(known.get(target.workflow_id))
                st.markdown(
                    f"**{wording.plain(target.item)}** {since or OUTCOMES[sent.outcome]}  \n"
                    + wording.plain(sent.words)
                )


def _since_words(row: Mapping[str, Any] | None) -> str | None:
    if row is None or row["outcome"] is None:
        return None
    seconds = row["outcome_seconds"]
    after = "" if seconds is None else " at once" if seconds < 1 else f" after {wording.duration(seconds)}"
    return SINCE[row["outcome"]] + after
