"""Child processes that cannot outlive us."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from app.errors import DemoError

Result = TypeVar("Result")

_PR_SET_PDEATHSIG = 1
_asked_to_end = threading.Event()
# How the work that runs now is cancelled, while there is some.
_cancel: list[Callable[[], object]] = []
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


def treat_sigterm_as_ctrl_c() -> None:
    """From here on SIGINT, SIGTERM and a closed terminal raise KeyboardInterrupt in the main thread."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        is_new = not _asked_to_end.is_set()
        _asked_to_end.set()
        if _cancel and is_new:
            _cancel[-1]()
        else:
            raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


def run_until_asked(work: Coroutine[Any, Any, Result]) -> Result:
    """As asyncio.run; the first of these signals cancels `work`, which then tidies up, and raises KeyboardInterrupt.

    Raised in the middle of a task it would leave others behind, half done and with nobody to wait for them.
    """

    async def cancellable() -> Result:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        _cancel.append(lambda: loop.call_soon_threadsafe(task.cancel))
        try:
            return await work
        finally:
            _cancel.pop()

    try:
        return asyncio.run(cancellable())
    except asyncio.CancelledError:
        end_if_asked()
        raise


def end_if_asked() -> None:
    """Raise the KeyboardInterrupt of a signal that came and got lost. To be called in every loop that waits.

    Python drops what is raised inside some of its own callbacks, as when a process is being started.
    """
    if _asked_to_end.is_set():
        raise KeyboardInterrupt


def finish_undisturbed() -> None:
    """From here on these signals are ignored: the tidying up has its own time limits."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


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
