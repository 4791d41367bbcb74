"""`<warehouse>.service`: how other commands find the service that owns a warehouse."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Notice(BaseModel):
    """Who owns the warehouse, where it answers, and the token that opens its API."""

    model_config = ConfigDict(frozen=True, strict=True)

    pid: int = Field(gt=0)
    url: str
    token: str


def place(warehouse: Path) -> Path:
    """Where the notice of this warehouse's service lies."""
    return warehouse.with_name(warehouse.name + ".service")


def write(warehouse: Path, url: str) -> Notice:
    """Leave a notice, readable by this user alone, with a fresh token."""
    notice = Notice(pid=os.getpid(), url=url, token=secrets.token_urlsafe(32))
    draft = place(warehouse).with_name(f"{place(warehouse).name}.{notice.pid}")
    with suppress(FileNotFoundError):
        draft.unlink()
    # Mode at creation, not after: between the two anybody could read the token.
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(notice.model_dump_json())
    draft.replace(place(warehouse))
    return notice


def read(warehouse: Path) -> Notice | None:
    """The notice of a service that is alive; None without one. A notice that a dead process left is ignored."""
    try:
        notice = Notice.model_validate_json(place(warehouse).read_bytes())
    except (OSError, ValueError):
        return None
    return notice if _is_alive(notice.pid) else None


def remove(warehouse: Path, notice: Notice) -> None:
    """Take the notice away, if it is still ours."""
    if read(warehouse) == notice:
        place(warehouse).unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
