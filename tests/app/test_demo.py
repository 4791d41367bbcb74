"""The demo: everything real, ready with work in flight, and nothing left behind, however it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil
import pytest

pytestmark = [pytest.mark.server, pytest.mark.postgres, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
STREAMS = ("service-request", "claim")
PATIENCE_SECONDS = 200.0


@dataclass
class Demo:
    """A running demo and the folder of its data."""

    process: subprocess.Popen[str]
    folder: Path
    progress: Path

    def wait_until_ready(self) -> str:
        """The URL that it says."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("ready http://127.0.0.1:"), self.said()
        return line.split()[1]

    def family(self) -> list[psutil.Process]:
        """The demo and everything it started."""
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    def said(self) -> str:
        """All logs."""
        logs = [self.progress, *sorted(self.folder.glob("**/*.log"))]
        return "\n".join(f"{log}:\n{log.read_text(errors='replace')}" for log in logs)

    def wait_for_part(self, words: str) -> list[psutil.Process]:
        """The family, as soon as it has a process with these words in its command."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            family = self.family()
            if any(words in _command(each) for each in family):
                return family
            time.sleep(0.05)
        raise AssertionError(self.said())

    def rows(self, metric: str, *streams: str) -> list[dict[str, Any]]:
        """What `show` says on the demo's config, of these streams; none named: of both."""
        return [row for stream in streams or STREAMS for row in self._rows(metric, stream)]

    def _rows(self, metric: str, stream: str) -> list[dict[str, Any]]:
        config = str(self.folder / "streamgauge.toml")
        command = [sys.executable, "-m", "app.cli", "show", metric, "--stream", stream, "--format=json"]
        command += ["--config", config]
        answer = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)["rows"]


@pytest.fixture
def demo(tmp_path) -> Iterator[Callable[..., Demo]]:
    started: list[Demo] = []

    def start(name: str = "demo", *options: str) -> Demo:
        folder = tmp_path / name
        command = [sys.executable, "-m", "app.cli", "demo", "--no-browser", f"--dir={folder}", *options]
        # A file for stderr: a pipe nobody reads could fill up and stop the demo.
        progress = tmp_path / f"{name}.log"
        with progress.open("w") as log:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT)
        started.append(Demo(process, folder, progress))
        return started[-1]

    yield start
    for each in started:
        with each.process:
            each.process.terminate()


def wait_until_gone(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that are still there after a while."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and any(_lives(each) for each in processes):
        time.sleep(0.1)
    return [each for each in processes if _lives(each)]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def _lives(process: psutil.Process) -> bool:
    try:
        # A zombie whose new parent does not reap it (as in a container without init) is dead all the same.
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_it_is_ready_with_sixty_items_beside_another_and_leaves_nothing_but_its_data(demo):
    first, second = demo("first"), demo("second", "--no-past")
    others = second.wait_for_part("app.cli up")
    # A part that ends by itself ends its demo, with a sentence.
    next(each for each in others if "sample_data.worker" in _command(each)).kill()
    assert second.process.wait(timeout=60) == 1
    assert "Error: worker ended with exit code -9" in second.progress.read_text()
    assert wait_until_gone(others) == []

    url = first.wait_until_ready()
    family = first.family()
    assert urlopen(url).status == 200
    for stream in STREAMS:
        rows = first.rows("in_flight", stream)
        assert sum(row["items"] for row in rows) >= 30
        assert len([row for row in rows if row["items"]]) >= 5
    (recorded,) = [row for row in first.rows("source_health", STREAMS[0]) if row["source"] == "recorded"]
    assert recorded["runs"] >= 3_000
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(timeout=60) == 0
    assert wait_until_gone(family) == []
    assert not (first.folder / "streamgauge.duckdb.service").exists()
    # What it knew can still be asked, now from the file.
    items = {row["run_id"] for row in first.rows("open_items")}
    assert len(items) >= 50

    again = demo("first", "--for=0")
    again.wait_until_ready()
    assert again.process.wait(timeout=60) == 0
    assert items & {row["run_id"] for row in again.rows("open_items")}, again.said()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_it_is_ended_while_it_starts_by(demo, number):
    running = demo("demo", "--no-past")
    family = running.wait_for_part("app.cli up" if number == signal.SIGKILL else "sample_data.people")

    os.kill(running.process.pid, number)
    running.process.wait(timeout=60)

    assert wait_until_gone(family) == []
    assert running.process.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 0)
