"""Who looks: name, rights and time zone of the viewer."""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from app import service, users

ADMIN = "admin"


@dataclass(frozen=True)
class Viewer:
    """Who looks at the pages. is_admin: may also change what others saved."""

    name: str
    is_admin: bool


def viewer() -> Viewer:
    """Who looks at the page that is running; a stranger is asked to sign in, and the page ends there."""
    actor = users.require(service.current().config)
    return Viewer(str(actor.user), is_admin=actor.role == ADMIN)


def zone() -> tzinfo:
    """The time zone of the viewer's browser; UTC where it gives none that is known here."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
