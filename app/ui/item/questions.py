"""Questions to the workflow itself: asked when somebody presses the button, never by themselves."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from app import run_questions
from app.errors import user_errors
from app.run_questions import RunSays
from app.service import Service
from app.ui import wording
from app.ui.health import Row
from app.ui.url import Filters

Result = TypeVar("Result")
_SAID, _ANSWER = "item said", "item answer"
EXPLAINED = (
    "A worker of yours answers, and may have to replay the run's history for it: one or two requests, only now, and"
    " nothing of the answer is kept."
)


def draw(service: Service, status: Row, chosen: Filters) -> None:
    """A button; then what the run says that it does, where its code stands, and the queries that it declares."""
    st.header("Ask the workflow", anchor=False, help=EXPLAINED)
    if chosen.as_of is not None:
        st.caption("A workflow can be asked about now alone, not about a past instant.")
        return
    run: tuple[str, str, str] = (status["source"], status["workflow_id"], status["run_id"])
    if st.button("Ask where it stands", icon=":material/live_help:", key="item.ask"):
        _keep(_SAID, run, _told(lambda: run_questions.look(service.config.temporal, *run)))
    said = _kept(_SAID, run)
    if isinstance(said, RunSays):
        _show(service, run, said)


def _show(service: Service, run: tuple[str, str, str], said: RunSays) -> None:
    if said.metadata and said.metadata.details:
        st.subheader("What it says", anchor=False)
        st.code(said.metadata.details, language=None, wrap_lines=True)
    st.subheader("Where its code stands", anchor=False)
    if said.stack_fault:
        st.warning(wording.plain(said.stack_fault), icon=":material/error:")
    else:
        st.code(said.stack_trace or "It stands nowhere: nothing of it runs.", language=None, wrap_lines=True)
    if said.metadata_fault and said.metadata_fault != said.stack_fault:
        st.warning(wording.plain(said.metadata_fault), icon=":material/error:")
    if said.metadata and said.metadata.queries:
        _declared(service, run, dict(said.metadata.queries))


def _declared(service: Service, run: tuple[str, str, str], queries: dict[str, str]) -> None:
    st.subheader("Its own queries", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", key="item-queries"):
        query = st.selectbox("Query", list(queries), key="item.query", width=320)
        if st.button("Ask", key="item.ask.query") and query:
            answer = _told(lambda: run_questions.ask(service.config.temporal, *run, query))
            _keep(_ANSWER, (*run, query), answer)
    if query and queries[query]:
        st.caption(wording.plain(queries[query]))
    kept = _kept(_ANSWER, (*run, query))
    if isinstance(kept, str):
        st.code(kept, language=None, wrap_lines=True)


def _told(ask: Callable[[], Result]) -> Result | None:
    """The answer; where there is none, the page says why and stays."""
    try:
        with st.spinner("Asking a worker"):
            return ask()
    except user_errors() as error:
        st.error(wording.plain(str(error)), title="Nobody answered", icon=":material/error:")
        return None


def _keep(name: str, about: object, answer: object) -> None:
    st.session_state[name] = (about, answer)


def _kept(name: str, about: object) -> object:
    """The last answer of that kind in this tab, where it is about this."""
    kept = st.session_state.get(name)
    return kept[1] if kept and kept[0] == about else None
