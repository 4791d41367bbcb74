"""`<warehouse>.service`: how other commands find the service that owns a warehouse."""

import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Notice:
    """Who owns the warehouse, where it answers, and the token that opens its API."""

    pid: int
    url: str
    token: str


def place(warehouse: Path) -> Path:
    """Where the notice of this warehouse's service lies."""
    return warehouse.with_name(warehouse.name + ".service")


def write(warehouse: Path, url: str) -> Notice:
    """Leave a notice, readable by this user alone, with a fresh token."""
    notice = Notice(os.getpid(), url, secrets.token_urlsafe(32))
    draft = place(warehouse).with_name(f"{place(warehouse).name}.{notice.pid}")
    with suppress(FileNotFoundError):
        draft.unlink()
    # Mode at creation, not after: between the two anybody could read the token.
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(notice), file)
    draft.replace(place(warehouse))
    return notice


def read(warehouse: Path) -> Notice | None:
    """The notice of a service that is alive; None without one. A notice that a dead process left is ignored."""
    try:
        notice = Notice(**json.loads(place(warehouse).read_text()))
    except (OSError, ValueError, TypeError):
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
