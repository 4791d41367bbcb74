"""The demo leaves nothing behind, however it ends while it starts. How it goes on from its past: test_past.py."""

import os
import signal

import pytest

from tests.fixtures.demos import wait_until_gone

pytestmark = [pytest.mark.server, pytest.mark.postgres, pytest.mark.timeout(300)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_it_is_ended_while_it_starts_by(demo, number):
    running = demo("demo", "--no-past")
    family = running.wait_for_part("app.cli up" if number == signal.SIGKILL else "sample_data.people")

    os.kill(running.process.pid, number)
    running.process.wait(timeout=60)

    assert wait_until_gone(family) == []
    assert running.process.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 0)
