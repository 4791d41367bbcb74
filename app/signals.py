"""Being asked to end: Ctrl-C, SIGTERM and a closed terminal, all heard as one."""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, TypeVar

Result = TypeVar("Result")

_asked_to_end = threading.Event()
# How the work that runs now is cancelled, while there is some.
_cancel: list[Callable[[], object]] = []


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
    """As asyncio.run; the first of these signals cancels `work`. KeyboardInterrupt is raised once that has tidied up.

    Raised in the middle of a task it would leave others behind, half done and with nobody to wait for them; raised
    while the loop is made, half a loop.
    """
    cancels: list[Callable[[], object]] = []

    async def cancellable() -> Result:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        cancels.append(lambda: loop.call_soon_threadsafe(task.cancel))
        if _asked_to_end.is_set():
            work.close()
            raise KeyboardInterrupt
        return await work

    _cancel.append(lambda: [cancel() for cancel in cancels])
    try:
        return asyncio.run(cancellable())
    finally:
        _cancel.pop()
        end_if_asked()


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
