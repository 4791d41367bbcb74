"""The journal: who did what to which run, why, and what came back. Append-only, on disk before and after each call.

It is the one record that must never be lost: JSON Lines beside the warehouse, read back as a source. Several processes
may write; each record is appended whole, under a lock, and is on the disk when `write` returns.
"""

import asyncio
import fcntl
import os
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from actions.errors import ActionError
from warehouse.nudge_record import NudgeRecord

PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.1


class Journal:
    """The journal of one warehouse."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, *records: NudgeRecord) -> None:
        """Append the records and wait until the disk has them. Raises ActionError when it does not take them."""
        content = "".join(record.to_json() + "\n" for record in records).encode()
        try:
            self._append(content)
        except OSError as error:
            raise ActionError(
                f"The journal {self.path} could not be written ({error.strerror}), so nothing is done. Mend that first."
            ) from error

    @asynccontextmanager
    async def sending(self, patience_seconds: float = PATIENCE_SECONDS) -> AsyncIterator[None]:
        """Be the only one who sends: what the journal says was done must stay so while it is compared.

        Waits for another sender. Raises ActionError when that one takes too long.
        """
        descriptor = os.open(self.path.with_name(self.path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            await self._wait(descriptor, patience_seconds)
            yield
        finally:
            os.close(descriptor)

    async def _wait(self, descriptor: int, patience_seconds: float) -> None:
        deadline = time.monotonic() + patience_seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ActionError(
                        "Another nudge is being sent and has not ended. Look at `streamgauge journal`, then try again."
                    ) from None
                await asyncio.sleep(LOOK_SECONDS)

    def _append(self, content: bytes) -> None:
        is_new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_torn(descriptor):
                # What a crash cut off stays as it is, on a line of its own.
                content = b"\n" + content
            _write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            _sync_folder(self.path.parent)


def new_id() -> str:
    """An id that nobody else has."""
    return str(uuid.uuid4())


def journal_path(warehouse: Path) -> Path:
    """Where the journal of this warehouse lies."""
    return warehouse.with_name(warehouse.name + ".nudges.jsonl")


def _is_torn(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _sync_folder(folder: Path) -> None:
    """A new file is only there after a power cut when its folder knows it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
