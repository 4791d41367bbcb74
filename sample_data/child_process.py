"""Manners of a process that another one has started: it ends when it is asked to, and when its parent is gone."""

import asyncio
import ctypes
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable

PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Have the kernel send SIGTERM when the parent dies, however it dies. Linux only; elsewhere nothing.

    The kernel means the thread that started this process: start it from one that lives as long as it should.
    """
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(0)


def run_until_told(main: Callable[[asyncio.Event], Awaitable[None]]) -> int:
    """Run `main(stop)`; `stop` is set by SIGTERM and SIGINT. Returns the exit code: 0 done, 1 with one line on stderr.

    What cannot be reached or does not answer is the user's to mend, so it is one line; anything else is a bug and
    keeps its traceback.
    """
    end_with_parent()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    try:
        asyncio.run(_run(main))
    except (ConnectionError, TimeoutError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


async def _run(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await main(stop)
    finally:
        # Temporal's core still has callbacks on its way into this interpreter; without the pause some exits abort.
        await asyncio.sleep(0.2)
