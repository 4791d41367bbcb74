"""A small company in a warehouse file, its config beside it, and the command line on it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO, TextIOWrapper
from pathlib import Path
from unittest import mock

import pytest

import value_stream
import warehouse
from app import service_file
from app.cli import main
from app.service_file import Notice
from tests.fixtures.histories import NOON, Story, batch
from warehouse import Round

ROOT = Path(__file__).parents[2]
STREAM = ROOT / "sample_data" / "streams" / "service-request.stream.toml"
SOURCE = "main/default"
PATIENCE_SECONDS = 60.0


def request(name: str, *stages: str, at: float) -> Story:
    """A request that entered these stages, a minute apart."""
    story = Story(name, at, workflow_type="ServiceRequest", task_queue="service-requests")
    story.event(1)
    for number, stage in enumerate(stages):
        story.turn(at + 60 * number).upsert(Stage=stage, Region="North" if at < -1000 else "South")
    return story


STORIES = (
    request("request-1", "request", "classification", at=-4000),
    request("request-2", "request", at=-600),
    request('=HYPERLINK("http://evil")', "request", "classification", at=-500),
)


def _variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "CRM_"))}


def _exit_code(entry: Callable[[], None]) -> int:
    try:
        entry()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def _text(stream: TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, BytesIO)
    return stream.buffer.getvalue().decode(errors="replace")


@dataclass
class Company:
    """A folder with config and warehouse; `up` runs the service on it."""

    folder: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "streamgauge.toml"

    @property
    def warehouse(self) -> Path:
        return self.folder / "streamgauge.duckdb"

    def configure(self, text: str = "") -> None:
        """Write the config: the sample stream, any port, and `text`."""
        self.config.write_text(f'streams = ["{STREAM}"]\n{text}\n[server]\nport = 0\n')

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command on this config, from its entry point to its exit code, in this process: each need not load all."""
        command = ["streamgauge", *words, "--config", str(self.config)]
        out, err = (TextIOWrapper(BytesIO(), "utf-8", newline="") for _ in range(2))
        with (
            mock.patch.dict(os.environ, _variables() | environment, clear=True),
            mock.patch.multiple(sys, argv=command, stdout=out, stderr=err),
        ):
            heard = signal.getsignal(signal.SIGTERM)  # commands that stay listen to it in their own way
            code = _exit_code(main)
            signal.signal(signal.SIGTERM, heard)
        return subprocess.CompletedProcess(command, code, _text(out), _text(err))

    def run_apart(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """The same as a process of its own."""
        command = [sys.executable, "-m", "app.cli", *words, "--config", str(self.config)]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, env=_variables() | environment, timeout=100, check=False
        )

    def up(self) -> Notice:
        """Start the service; returns when it answers."""
        command = [sys.executable, "-m", "app.cli", "up", "--config", str(self.config)]
        with (self.folder / "up.log").open("w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, text=True, cwd=ROOT)
        self.processes.append(process)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (notice := service_file.read(self.warehouse)) is None or notice.pid != process.pid:
            assert process.poll() is None, (self.folder / "up.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return notice

    def down(self, number: int) -> int:
        """End the service by a signal; its exit code."""
        self.processes[-1].send_signal(number)
        return self.processes[-1].wait(timeout=30)


@pytest.fixture
def company(tmp_path) -> Iterator[Company]:
    """Config alone; no warehouse yet."""
    made = Company(tmp_path)
    made.configure()
    yield made
    for process in made.processes:
        process.kill()
        process.wait()


@pytest.fixture
def filled(company) -> Company:
    """With a warehouse that holds STORIES, read up to NOON."""
    fill(company.warehouse)
    return company


def fill(path: Path | None) -> warehouse.Warehouse | None:
    """A warehouse that holds STORIES; left open when it is in memory."""
    opened = warehouse.open_warehouse(path)
    streams = value_stream.load_all([STREAM])
    con = opened.cursor()
    warehouse.replace_rules(con, value_stream.rule_rows(streams), value_stream.stream_versions(streams), NOON)
    warehouse.register_source(con, SOURCE, "temporal")
    warehouse.write_batch(con, SOURCE, batch(*STORIES), NOON)
    warehouse.finish_round(con, SOURCE, Round(NOON - timedelta(seconds=1), NOON, is_complete=True, as_of_at=NOON))
    con.close()
    if path is None:
        return opened
    opened.close()
    return None


@pytest.fixture
def holding() -> Iterator[Callable[[Path], int]]:
    """Let another process hold a warehouse; gives its pid."""
    holders: list[subprocess.Popen[str]] = []

    def hold(path: Path) -> int:
        code = f"import duckdb, sys; held = duckdb.connect({str(path)!r}); print('held', flush=True); sys.stdin.read()"
        command = [sys.executable, "-c", code]
        holders.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert holders[-1].stdout is not None
        assert holders[-1].stdout.readline() == "held\n"
        return holders[-1].pid

    yield hold
    for holder in holders:
        with holder:
            holder.kill()
