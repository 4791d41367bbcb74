"""`streamgauge demo`: a whole small company on this machine, and Streamgauge watching it.

Each part is a child process; the parts end in reverse order when this ends, and the kernel ends them when it is killed.
"""

import os
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from app.api_client import running_service
from app.demo_config import CONFIG_NAME, WAREHOUSE_NAME, child_environment, write_config, write_database_url
from app.demo_ready import wait_until_ready
from app.demo_temporal import DevServer, free_port, start_temporal
from app.errors import DemoError
from app.processes import Child, start, stop
from app.signals import end_if_asked, finish_undisturbed

DEFAULT_PORT = 8501
CHECKOUT = Path(__file__).resolve().parents[1]
LOOK_SECONDS = 0.5
PAST_NOTE = "past-ends-at"


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line. `port` and `folder` None: whatever is free, a temporary one."""

    port: int | None = None
    folder: Path | None = None
    opens_browser: bool = True
    for_seconds: float | None = None
    seed: int = 1
    speed: float = 1.0
    without_trouble: tuple[str, ...] = ()
    has_past: bool = True


@dataclass
class Company:
    """The parts that run, in the order they were started."""

    folder: Path
    environment: dict[str, str]
    children: list[Child] = field(default_factory=list)

    def start(self, name: str, *command: str) -> Child:
        """Start one part in Python; what it says goes to logs/NAME.log."""
        child = start(name, [sys.executable, "-m", *command], self.log(name), self.environment, CHECKOUT)
        self.children.append(child)
        return child

    def log(self, name: str) -> Path:
        """Where the part's words go."""
        return self.folder / "logs" / f"{name}.log"

    def check(self) -> None:
        """Raise DemoError when a part has ended by itself, KeyboardInterrupt when we are asked to end."""
        end_if_asked()
        for child in self.children:
            if sentence := child.ended():
                raise DemoError(sentence)


def run(wish: Wish, progress: Console) -> None:
    """Start everything, say `ready URL` on stdout, and keep going until Ctrl-C, the wished time, or a part's end.

    Raises DemoError when a part does not start or ends by itself.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(_folder(wish.folder))
        company = _open_company(stack, folder, wish, progress)
        service = wait_until_ready(folder / WAREHOUSE_NAME, company.check, progress)
        print(f"ready {service.notice.url}", flush=True)
        progress.print(
            f"Ask on the command line: streamgauge show in_flight --stream claim --config {folder / CONFIG_NAME}",
            soft_wrap=True,
        )
        if wish.opens_browser:
            webbrowser.open(service.notice.url)
        _keep_going(company, wish.for_seconds)
        progress.print("Ending.")


def _open_company(stack: ExitStack, folder: Path, wish: Wish, progress: Console) -> Company:
    from sample_data.postgres import PostgresError, running_postgres

    company = Company(folder, {})
    stack.callback(_end, company)
    progress.print(f"Everything lies in {folder}", soft_wrap=True)
    temporal = start_temporal(folder, keeps_data=wish.folder is not None, children=company.children)
    progress.print(f"Temporal runs at {temporal.address}, its Web UI at {temporal.web_ui}", soft_wrap=True)
    try:
        database_url = stack.enter_context(running_postgres(folder / "postgres"))
    except PostgresError as error:
        raise DemoError(f"Could not start the company's database: {error}") from error
    # The database goes last of all, after whoever still writes to it.
    stack.callback(_end, company)
    progress.print("PostgreSQL runs")
    company.environment = child_environment(os.environ, temporal, folder, database_url)
    write_database_url(folder, database_url)
    _staff(company, temporal, wish, progress)
    return company


def _staff(company: Company, temporal: DevServer, wish: Wish, progress: Console) -> None:
    past = [f"--past-ends-at={ends_at}"] if (ends_at := _past_ends_at(company.folder, wish)) else []
    _run_to_end(company, "company", "sample_data.company", "create", *past, "--without", *wish.without_trouble)
    company.start("worker", "sample_data.worker")
    company.start("people", "sample_data.people", "--speed", str(wish.speed), "--seed", str(wish.seed))
    if ends_at:
        progress.print("Workers and people are starting; meanwhile the recorded past is read")
        _load_past(company, temporal, ends_at)
    progress.print("Sync and pages are starting")
    _open_pages(company, temporal, wish.port)


def _past_ends_at(folder: Path, wish: Wish) -> str | None:
    """When the past ends: now, or when an earlier start of this folder said, since rows and runs must agree.

    None when there is none: not wished for, or the folder's company has begun without one.
    """
    note = folder / PAST_NOTE
    if not note.exists():
        if not wish.has_past or (folder / WAREHOUSE_NAME).exists():
            return None
        note.write_text(datetime.now(UTC).isoformat(timespec="seconds"), encoding="utf-8")
    return note.read_text(encoding="utf-8")


def _load_past(company: Company, temporal: DevServer, ends_at: str) -> None:
    # Before the pages: until they are there nobody else uses the warehouse, so one process can have all of it.
    config = write_config(company.folder, temporal, DEFAULT_PORT)
    _run_to_end(company, "past", "app.past", f"--config={config}", f"--ends-at={ends_at}")


def _open_pages(company: Company, temporal: DevServer, wished: int | None) -> None:
    # Another program may take a free port before we do; then any other will do, unless one was wished for.
    for port in (free_port(DEFAULT_PORT), 0) if wished is None else (wished,):
        write_config(company.folder, temporal, port)
        pages = company.start("streamgauge", "app.cli", "up", "--config", str(company.folder / CONFIG_NAME))
        while (sentence := pages.ended()) is None:
            end_if_asked()
            if running_service(company.folder / WAREHOUSE_NAME) is not None:
                return
            time.sleep(LOOK_SECONDS)
        company.children.remove(pages)
    raise DemoError(sentence)


def _run_to_end(company: Company, name: str, *command: str) -> None:
    child = company.start(name, *command)
    while child.ended() is None:
        end_if_asked()
        time.sleep(LOOK_SECONDS / 10)
    if child.process.returncode != 0:
        raise DemoError(child.ended() or name)
    company.children.remove(child)


def _keep_going(company: Company, for_seconds: float | None) -> None:
    deadline = None if for_seconds is None else time.monotonic() + for_seconds
    while deadline is None or time.monotonic() < deadline:
        company.check()
        time.sleep(LOOK_SECONDS if deadline is None else max(0.0, min(LOOK_SECONDS, deadline - time.monotonic())))


def _end(company: Company) -> None:
    finish_undisturbed()
    stop(company.children)
    company.children.clear()


@contextmanager
def _folder(wished: Path | None) -> Iterator[Path]:
    """The wished folder, kept; else a temporary one, removed at the end."""
    if wished is None:
        with tempfile.TemporaryDirectory(prefix="streamgauge-demo-", ignore_cleanup_errors=True) as made:
            yield _prepared(Path(made))
        return
    if running_service(wished / WAREHOUSE_NAME) is not None:
        raise DemoError(f"A demo runs in {wished} already. Choose another --dir, or end that one.")
    try:
        wished.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DemoError(f"Could not make the folder {wished}: {error.strerror}.") from error
    yield _prepared(wished.resolve())


def _prepared(folder: Path) -> Path:
    (folder / "logs").mkdir(exist_ok=True)
    return folder
