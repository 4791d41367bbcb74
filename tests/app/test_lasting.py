"""The service sets aside what lasts, so that no refresh waits for a look at all of it."""

import json
import subprocess
import sys

SERVED = """
import gc, json, os, signal, sys, threading, urllib.request
from pathlib import Path
from streamlit import config
from app.config import Config, ServerConfig
from app.server import address_of, listen, serve
from app.service import open_service

def look():
    urllib.request.urlopen(address + "/healthz").read()  # Waits until the service answers.
    loaded = [name for name in sys.modules if name.startswith("app.ui.")]
    told = {
        "set aside": gc.get_freeze_count(),
        "left": len(gc.get_objects()),
        "loaded": loaded,
        "after each run": config.get_option("runner.postScriptGC"),
    }
    print(json.dumps(told), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

service = open_service(Config(warehouse=Path(sys.argv[1]), server=ServerConfig(port=0)))
listening = listen(service.config.server)
address = address_of(listening)
threading.Thread(target=look, daemon=True).start()
serve(service, listening)
"""


def test_a_service_that_answers_has_loaded_its_pages_and_set_all_of_that_aside(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SERVED, tmp_path / "warehouse.duckdb"], capture_output=True, text=True, timeout=120
    )
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)

    assert told["set aside"] > 50_000
    assert told["left"] < told["set aside"] / 10
    assert not told["after each run"]
    assert {"app.ui.bottlenecks.page", "app.ui.item.page", "app.ui.flow"} <= set(told["loaded"])
