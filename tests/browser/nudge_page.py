"""Pages about stories that run on a real Temporal: `python -m tests.browser.nudge_page FOLDER ADDRESS QUEUE`.

They are read by a real service. Everybody is anna, and the pages are the real ones. With a fourth word there is but one
page, with nothing on it but the button that opens the drawer, for those alone whom the OpenID Connect provider at that
address signs in, or, with `proxy`, whom a proxy's headers name. Prints its address.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

from app import server
from app.config import load
from app.server import address_of, listen, serve
from app.service import open_service
from tests.fixtures.streams import STORY_STREAM
from tests.fixtures.temporal import free_port

STREAM = (
    STORY_STREAM
    + """target = "1h"
[[systems]]
name = "fate"
activities = ["refuse"]
[[nudges]]
name  = "tell-them"
title = "Tell them a word"
signal = "tell"
arguments = [{ name = "word", options = ["go", "stay"] }, { name = "by", value = "{user}" }]
[[nudges]]
name  = "retry-now"
title = "Try the pending step again now"
reset_activity = true
"""
)
CONFIG = """
streams = ["story.stream.toml"]
[[temporal]]
query = "WorkflowId STARTS_WITH '{queue}'"
visibility_per_second = 20
[actions]
allow = true
rules = [{{ roles = ["operator"] }}]
[sync]
every_seconds = 1
[server]
port = {port}
"""
FIXED = """
[users]
name = "anna"
role = "operator"
"""
SIGNED_IN = """
[users]
method = "oidc"
grants = [{{ role = "operator", groups = ["on-call"] }}]
[users.oidc]
metadata_url = "{provider}/.well-known/openid-configuration"
client_id = "streamgauge"
redirect_url = "http://127.0.0.1:{port}/oauth2callback"
"""
BEHIND_A_PROXY = """
[users]
method = "header"
grants = [{ role = "operator", groups = ["on-call"] }]
"""
PAGE = """
from datetime import UTC, datetime

import streamlit as st

from app import service, users
from app.nudge_targets import target_of
from app.ui import frame
from app.ui.nudge_drawer import open_drawer
from metrics import Question, find

running = service.current()
frame.style()
users.require(running.config)
stream, now = running.streams[0], datetime.now(UTC)
with running.warehouse.reading() as con:
    targets = [target_of(row) for row in find("open_items")(con, stream, Question(as_of=now)).to_pylist()]
st.title("Stuck", anchor=False)
if targets and st.button(f"Nudge {len(targets)} stories"):
    open_drawer(running, stream, targets)
"""
SET_PARENT_DEATH_SIGNAL = 1


def users_of(who: str = "anna", *, port: int) -> str:
    """The part of the config that says who is let in."""
    if who == "proxy":
        return BEHIND_A_PROXY
    return FIXED if who == "anna" else SIGNED_IN.format(provider=who, port=port)


def main() -> None:
    """Serve until told to end."""
    folder, address, queue = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    os.environ["TEMPORAL_ADDRESS"] = address
    (folder / "story.stream.toml").write_text(STREAM)
    port = free_port()
    users = users_of(*sys.argv[4:], port=port)
    (folder / "streamgauge.toml").write_text(CONFIG.format(queue=queue, port=port) + users)
    if sys.argv[4:]:
        (folder / "page.py").write_text(PAGE)
        server.MAIN_PAGE = folder / "page.py"
    service = open_service(load(folder / "streamgauge.toml"))
    listening = listen(service.config.server)
    print(address_of(listening), flush=True)
    try:
        serve(service, listening)
    finally:
        service.close()


if __name__ == "__main__":
    main()
