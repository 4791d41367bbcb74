"""The sample PostgreSQL: real, private, and gone when whoever started it is."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import psutil
import pytest
from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from sample_data.postgres import PostgresError, running_postgres

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from sample_data.postgres import running_postgres
with running_postgres(Path(sys.argv[1])) as url:
    print(url, flush=True)
    time.sleep(600)
"""


def answer(url: str, sql: str) -> object:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(sql))
        return result.scalar() if result.returns_rows else None


def processes_of(directory: Path) -> list[int]:
    """Processes that name the directory, or work in it: the server's children say only where they work."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(directory) in " ".join([process.cwd(), *process.cmdline()]) and process.pid != os.getpid():
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def becomes_true(claim: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = monotonic() + seconds
    while not claim() and monotonic() < deadline:
        sleep(0.05)
    return claim()


def test_it_is_a_postgresql_with_a_password_on_the_loopback_only(tmp_path: Path) -> None:
    with running_postgres(tmp_path) as url:
        assert str(answer(url, "SELECT version()")).startswith("PostgreSQL 1")
        assert answer(url, "SHOW listen_addresses") == "127.0.0.1"
        assert answer(url, "SHOW unix_socket_directories") == ""
        wrong = make_url(url).set(password="wrong").render_as_string(hide_password=False)
        with pytest.raises(OperationalError, match="password authentication failed"):
            answer(wrong, "SELECT 1")
        assert oct((tmp_path / "password").stat().st_mode)[-3:] == "600"
    assert processes_of(tmp_path) == []


def test_what_was_written_is_there_again(tmp_path: Path) -> None:
    with running_postgres(tmp_path) as url:
        answer(url, "CREATE TABLE kept AS SELECT 7 AS number")
    with running_postgres(tmp_path) as url:
        assert answer(url, "SELECT number FROM kept") == 7


def test_two_run_at_once_but_not_on_one_directory(tmp_path: Path) -> None:
    with running_postgres(tmp_path / "one") as one, running_postgres(tmp_path / "two") as two:
        assert make_url(one).port != make_url(two).port
        with pytest.raises(PostgresError, match="already exists"), running_postgres(tmp_path / "one"):
            pass
        assert answer(one, "SELECT 1") == 1


def test_a_directory_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine").touch()
    with pytest.raises(PostgresError, match="not from here"), running_postgres(tmp_path):
        pass
    assert (tmp_path / "data" / "mine").exists()


def test_it_ends_when_its_parent_is_killed_and_keeps_what_was_committed(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT, text=True)
    with holder:
        assert holder.stdout is not None
        answer(holder.stdout.readline().strip(), "CREATE TABLE kept AS SELECT 7 AS number")
        assert processes_of(tmp_path)
        holder.kill()
    assert becomes_true(lambda: processes_of(tmp_path) == [])
    with running_postgres(tmp_path) as url:
        assert answer(url, "SELECT number FROM kept") == 7


@pytest.mark.parametrize("after_seconds", [0.2, 0.4])
def test_one_killed_while_it_was_made_is_made_anew(tmp_path: Path, after_seconds: float) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.DEVNULL, cwd=ROOT) as holder:
        becomes_true(lambda: (tmp_path / "data").exists())
        sleep(after_seconds)  # Anywhere within the making.
        holder.kill()
    assert becomes_true(lambda: processes_of(tmp_path) == [])
    with running_postgres(tmp_path) as url:
        assert answer(url, "SELECT 1") == 1
