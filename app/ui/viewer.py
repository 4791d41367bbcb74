"""Who looks: name, rights and time zone of the viewer."""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from app import service, users

LOCAL = "local"


@dataclass(frozen=True)
class Viewer:
    """Who looks at the pages. is_admin: may also change what others saved."""

    name: str
    is_admin: bool


def viewer() -> Viewer:
    """Whoever reaches the pages is one person as long as nobody signs in: the pages answer on this machine only."""
    config = service.current().config
    if config.users.method == "fixed":
        return Viewer(LOCAL, is_admin=True)
    actor = users.current(config)
    return Viewer(actor.user or LOCAL, is_admin=actor.role == "admin")


def zone() -> tzinfo:
    """The time zone of the viewer's browser; UTC where it gives none that is known here."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
