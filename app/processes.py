"""Child processes that cannot outlive us."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.errors import DemoError

_PR_SET_PDEATHSIG = 1
# Loaded here: between fork and exec nothing may be imported any more.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Child:
    """A process we started, and the file that holds what it said."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def ended(self) -> str | None:
        """One sentence when it has ended, with the last lines it said; None while it runs."""
        code = self.process.poll()
        if code is None:
            return None
        return f"{self.name} ended with exit code {code}. Its last lines ({self.log}):\n{last_lines(self.log)}"


def start(name: str, command: Sequence[str], log: Path, environment: Mapping[str, str], folder: Path) -> Child:
    """Start a child in `folder` that the kernel ends when we die, however we die (on Linux).

    Call it from the main thread: the signal is sent when the thread that started the child ends. The child has a
    session of its own, so that Ctrl-C reaches only us and the parts end in order.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("children are started from the main thread")
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                cwd=folder,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),
            )
        except OSError as error:
            raise DemoError(f"Could not start {name} ({command[0]}): {error.strerror}.") from error
    return Child(name, process, log)


def stop(children: Sequence[Child], grace_seconds: float = 8.0) -> None:
    """End them, last started first; what does not end in time is killed. Leaves no zombie."""
    for child in reversed(children):
        with suppress(ProcessLookupError):
            child.process.terminate()
    deadline = time.monotonic() + grace_seconds
    for child in reversed(children):
        try:
            child.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _kill_session(child)
            child.process.wait()


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log."""
    with suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    return ""


def _kill_session(child: Child) -> None:
    # It leads its own session, so its group holds it and what it started.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.process.pid, signal.SIGKILL)


def _die_with(parent: int) -> Callable[[], None] | None:
    if _LIBC is None:
        return None

    def ask_kernel() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        # The parent may have died before the line above; then no signal would come any more.
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel
