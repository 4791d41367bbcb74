"""The drawer that nudges: what may be done, the plan item by item, the reason, and how it goes.

Open it from outside every live fragment: a dialog that a refreshing fragment opened stays on the screen with dead
buttons.
"""

from collections.abc import Sequence

import streamlit as st

from actions.actor import Actor
from actions.errors import ActionError
from actions.order import order_of
from actions.plan import Plan
from actions.target import Target
from app import users
from app.errors import user_errors
from app.nudge_offers import Offer, labels, offers
from app.nudge_targets import run_words
from app.service import Service
from app.ui import wording
from app.ui.nudge_form import particulars
from app.ui.nudge_progress import height, watch
from value_stream import Stream

PLAN, REASON, STRAIGHT = "nudge.plan", "nudge.reason", "nudge.straight"
SHOWN = 50  # Lines of a plan; the counts say the rest.
# Fingers need room.
STYLE = "<style>@media (max-width:640px) {[role=dialog] button {min-height:44px}}</style>"


def open_drawer(
    service: Service,
    stream: Stream,
    targets: Sequence[Target],
    choose: str | None = None,
    *,
    is_straight: bool = False,
) -> None:
    """Open it for these items. Call it once, when the button is pressed.

    choose: the nudge that stands first. is_straight: show its plan at once, where nothing must be filled in for it.
    """
    st.session_state.pop(PLAN, None)
    st.session_state.pop(REASON, None)
    st.session_state[STRAIGHT] = is_straight
    _drawer(service, stream, tuple(targets), choose)


@st.dialog("Nudge", width="large", icon=":material/touch_app:")
def _drawer(service: Service, stream: Stream, targets: tuple[Target, ...], choose: str | None) -> None:
    st.html(STYLE)
    actor = users.current(service.config)
    try:
        if st.session_state.pop(STRAIGHT, False) and choose is not None:
            _plan_at_once(service, stream, actor, targets, choose)
        plan_id = st.session_state.get(PLAN)
        if plan_id is None:
            _choose(service, stream, actor, targets, choose)
        elif (sending := service.nudging.sending(plan_id)) is not None:
            watch(service, stream, sending)
        else:
            _confirm(service, actor, service.nudging.plan_of(plan_id))
    except user_errors() as error:
        st.error(wording.plain(str(error)), icon=":material/error:")


def _plan_at_once(service: Service, stream: Stream, actor: Actor, targets: tuple[Target, ...], choose: str) -> None:
    """Make the plan of a declared nudge that asks for nothing; of any other, what to do is chosen first."""
    found = offers(service.config.actions, actor, stream, targets, service.nudging.servers(targets))
    offer = next((offer for offer in found if offer.what == choose and offer.why_not is None), None)
    if offer is None or offer.arguments:
        return
    with st.spinner("Asking Temporal about each item"):
        st.session_state[PLAN] = service.nudging.plan(actor, stream, order_of(stream, choose), targets).plan


def _choose(service: Service, stream: Stream, actor: Actor, targets: tuple[Target, ...], choose: str | None) -> None:
    st.markdown(wording.plain(_whom(stream, targets)))
    found = offers(service.config.actions, actor, stream, targets, service.nudging.servers(targets))
    able = [offer for offer in found if offer.why_not is None]
    if able:
        _form(service, stream, actor, targets, able, choose)
    else:
        st.info(wording.plain(found[0].why_not or ""), title="Nothing may be done here", icon=":material/lock:")
    unable = [offer for offer in found if offer.why_not is not None]
    if unable and able:
        with st.expander(f"Not offered: {len(unable)}"):
            for offer in unable:
                st.markdown(f"**{wording.plain(offer.title)}**: {wording.plain(offer.why_not or '')}")


def _form(
    service: Service,
    stream: Stream,
    actor: Actor,
    targets: tuple[Target, ...],
    able: Sequence[Offer],
    choose: str | None,
) -> None:
    known, told = {offer.what: offer for offer in able}, labels(able)
    first = list(known).index(choose) if choose in known else 0
    what = st.selectbox("What to do", list(known), index=first, format_func=told.__getitem__, key="nudge.what")
    offer = known[what]
    messages: Sequence[str] = ()
    if not offer.is_declared and offer.verb in ("signal", "update"):
        messages = service.nudging.messages(targets[0], offer.verb)
    problem, asked = None, {}
    try:
        asked = particulars(offer, actor, messages)
    except ActionError as error:
        problem = str(error)
    if st.button("Show what would happen", type="primary", key="nudge.show", width="stretch"):
        if problem is not None:
            raise ActionError(problem)
        with st.spinner("Asking Temporal about each item"):
            plan = service.nudging.plan(actor, stream, order_of(stream, what, **asked), targets)
        st.session_state[PLAN] = plan.plan
        st.rerun(scope="fragment")


def _confirm(service: Service, actor: Actor, plan: Plan) -> None:
    count = len(plan.eligible)
    left_out = len(plan.lines) - count
    st.markdown(
        f"**{wording.plain(plan.title)}**: {wording.plural(count, 'item')}"
        + (f", {left_out} left out" if left_out else "")
    )
    _lines(plan)
    with st.form("nudge.send", border=False):
        reason = st.text_input("Why (is kept, with your name)", key=REASON, max_chars=500)
        with st.container(horizontal=True):
            is_sent = st.form_submit_button(
                f"Do it to {wording.plural(count, 'item')}", type="primary", disabled=not count
            )
            is_back = st.form_submit_button("Something else")
    if is_back:
        st.session_state.pop(PLAN)
        st.rerun(scope="fragment")
    if is_sent:
        if not reason.strip():
            raise ActionError("Say why: a nudge needs a reason.")
        service.nudging.send(actor, plan.plan, plan.hash, reason)
        st.rerun(scope="fragment")


def _lines(plan: Plan) -> None:
    with st.container(key="nudge-lines", height=height(len(plan.lines)), border=True):
        for line in plan.lines[:SHOWN]:
            name = wording.plain(run_words(line.target))
            if line.why_not is None:
                st.markdown(f"**{name}**  \n{wording.plain(' '.join(line.does))}")
            else:
                st.markdown(f":gray[**{name}** · left out  \n{wording.plain(line.why_not)}]")
        if len(plan.lines) > SHOWN:
            st.caption(f"and {len(plan.lines) - SHOWN} more")


def _whom(stream: Stream, targets: Sequence[Target]) -> str:
    names = ", ".join(target.item for target in targets[:3])
    more = f" and {len(targets) - 3} more" if len(targets) > 3 else ""
    return f"{wording.plural(len(targets), stream.item.name)}: {names}{more}"
