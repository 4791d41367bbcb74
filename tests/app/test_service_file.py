"""`<warehouse>.service`: there while the service lives, private, and never believed when it is stale."""

import json
import os
import stat
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app import api_client, service_file

QUICK = 0.2


@pytest.fixture
def warehouse(tmp_path):
    return tmp_path / "streamgauge.duckdb"


def test_only_its_owner_may_read_it(warehouse):
    service_file.write(warehouse, "http://127.0.0.1:1")

    assert stat.S_IMODE(service_file.place(warehouse).stat().st_mode) == 0o600


def test_it_names_pid_url_and_a_token_that_is_new_each_time(warehouse):
    first = service_file.write(warehouse, "http://127.0.0.1:1")
    second = service_file.write(warehouse, "http://127.0.0.1:1")

    assert service_file.read(warehouse) == second
    assert second.pid == os.getpid()
    assert first.token != second.token
    assert [path.name for path in warehouse.parent.iterdir()] == ["streamgauge.duckdb.service"]


def test_one_that_a_dead_process_left_is_ignored(warehouse):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    service_file.place(warehouse).write_text(json.dumps({"pid": dead.pid, "url": "http://x", "token": "t"}))

    assert service_file.read(warehouse) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"pid": "1", "url": "u", "token": "t"}', "\udcff"])
def test_a_damaged_one_is_ignored(warehouse, text):
    service_file.place(warehouse).write_text(text, errors="surrogateescape")

    assert service_file.read(warehouse) is None


def test_removing_takes_ours_and_leaves_another_s(warehouse):
    ours = service_file.write(warehouse, "http://127.0.0.1:1")
    theirs = service_file.write(warehouse, "http://127.0.0.1:2")

    service_file.remove(warehouse, ours)
    assert service_file.read(warehouse) == theirs
    service_file.remove(warehouse, theirs)
    assert not service_file.place(warehouse).exists()


class Busy(BaseHTTPRequestHandler):
    """Takes the connection at once, and much longer to answer."""

    def do_GET(self):
        threading.Event().wait(5 * QUICK)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Nothing is logged."""


def test_a_service_that_is_slow_to_answer_is_not_taken_for_gone(warehouse, monkeypatch):
    monkeypatch.setattr(api_client, "CONNECT_SECONDS", QUICK)
    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        service_file.write(warehouse, f"http://127.0.0.1:{server.server_port}")

        found = api_client.running_service(warehouse)
        server.shutdown()

    assert found is not None
    assert api_client.running_service(warehouse) is None  # nobody listens any more
