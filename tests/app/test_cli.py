"""The command line: exit codes, a sentence for what the user can mend, one answer with and without the service."""

import json
import signal
import subprocess
import sys

import duckdb
import httpx
import pytest

from app import service_file
from tests.app.conftest import ROOT, SOURCE
from tests.fixtures.histories import NOON
from tests.fixtures.temporal import free_port

TEMPORAL = '[[temporal]]\nprofile_file = "temporal.toml"'
AS_OF = f"--as-of={NOON.isoformat()}"


def one_sentence(answer: subprocess.CompletedProcess[str]) -> str:
    """What a command that failed by the user's fault says: no traceback, nothing on stdout, exit code 1."""
    assert answer.returncode == 1, answer.stderr
    assert answer.stdout == ""
    assert "Traceback" not in answer.stderr
    return answer.stderr.strip()


def files(company) -> set[str]:
    return {path.name for path in company.folder.iterdir()}


def test_help_is_quick_because_it_imports_nothing_heavy():
    heavy = "{'temporalio', 'streamlit', 'duckdb', 'pyarrow', 'pandas', 'sqlalchemy'}"
    code = f"import sys, app.cli; print(sorted({heavy} & set(sys.modules)))"

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)

    assert answer.stdout.strip() == "[]"


def test_no_command_and_an_unknown_one_are_usage_errors(company):
    assert company.run("shwo").returncode == 2
    assert company.run("show", "inflight").returncode == 2
    assert company.run("show", "in_flight", "--format=xml").returncode == 2


def test_an_unknown_key_in_the_config_is_told_and_nothing_is_written(company):
    company.configure('warehose = "w.duckdb"')

    for command in ("sync", "up"):
        assert "warehose: unknown key; did you mean 'warehouse'?" in one_sentence(company.run(command))
    assert files(company) == {"streamgauge.toml"}


def test_a_wrong_stream_file_is_told_and_nothing_is_written(company):
    (company.folder / "bad.stream.toml").write_text('stream = "bad"')
    company.config.write_text('streams = ["bad.stream.toml"]\n[[temporal]]\nprofile_file = "temporal.toml"\n')
    (company.folder / "temporal.toml").write_text('[profile.default]\naddress = "127.0.0.1:1"\n')

    assert "bad.stream.toml" in one_sentence(company.run("up"))
    assert not company.warehouse.exists()


def test_temporal_out_of_reach_is_told_and_nothing_is_written(company):
    company.configure(TEMPORAL)
    (company.folder / "temporal.toml").write_text(f'[profile.default]\naddress = "127.0.0.1:{free_port()}"\n')

    told = one_sentence(company.run("sync"))

    assert told.startswith(f"{SOURCE}: Temporal at 127.0.0.1:")
    assert "tried to connect, came back: Connection refused" in told
    assert len(told.splitlines()) == 1
    assert files(company) == {"streamgauge.toml", "temporal.toml"}


@pytest.mark.postgres
def test_a_wrong_database_password_is_told_without_the_password_and_nothing_is_written(company, postgres_server):
    tables = '[{ name = "requests", key = ["id"] }]'
    company.configure(f'[[databases]]\nname = "crm"\nurl_env = "CRM_DATABASE_URL"\ntables = {tables}')
    url = postgres_server.set(password="not-the-password").render_as_string(hide_password=False)

    told = one_sentence(company.run("sync", CRM_DATABASE_URL=url))

    assert told.startswith("crm: ")
    assert "password authentication failed" in told
    assert "not-the-password" not in told
    assert len(told.splitlines()) == 1
    assert files(company) == {"streamgauge.toml"}


@pytest.mark.postgres
def test_one_source_down_does_not_stop_another(company, postgres_url):
    tables = '[{ name = "pg_roles", key = ["rolname"], columns = ["rolname"] }]'
    company.configure(f'{TEMPORAL}\n[[databases]]\nname = "crm"\nurl_env = "CRM_URL"\ntables = {tables}')
    (company.folder / "temporal.toml").write_text(f'[profile.default]\naddress = "127.0.0.1:{free_port()}"\n')

    answer = company.run("sync", CRM_URL=postgres_url)

    assert answer.returncode == 1
    assert f"{SOURCE}: Temporal at" in answer.stderr
    rows = json.loads(company.run("show", "source_health", "--format=json").stdout)["rows"]
    assert [(row["source"], row["runs"] > 0, row["last_error"]) for row in rows] == [("crm", True, None)]


def test_nothing_to_sync_is_said(company):
    assert "Nothing to sync" in one_sentence(company.run("sync"))


@pytest.mark.parametrize("command", [["show", "in_flight"], ["up"]])
def test_a_warehouse_that_another_process_holds_names_its_pid(filled, holding, command):
    pid = holding(filled.warehouse)
    before = filled.warehouse.read_bytes()

    told = one_sentence(filled.run(*command))

    assert f"PID {pid}" in told
    assert len(told.splitlines()) == 1
    assert filled.warehouse.read_bytes() == before


@pytest.mark.parametrize("command", [["show", "in_flight"], ["up"]])
def test_a_file_that_is_no_warehouse_is_refused_and_left_alone(company, command):
    company.warehouse.write_bytes(b"not a database" * 500)

    told = one_sentence(company.run(*command))

    assert str(company.warehouse) in told
    assert company.warehouse.read_bytes() == b"not a database" * 500


@pytest.mark.parametrize("command", [["show", "in_flight"], ["up"]])
def test_a_warehouse_of_a_newer_program_is_refused_and_left_alone(filled, command):
    with duckdb.connect(str(filled.warehouse)) as newer:
        newer.execute("INSERT INTO migration VALUES ('9999_later.sql', now())")
    before = filled.warehouse.read_bytes()

    told = one_sentence(filled.run(*command))

    assert "newer Streamgauge" in told and "9999_later.sql" in told
    assert filled.warehouse.read_bytes() == before


def test_a_database_that_is_no_warehouse_is_refused(company):
    with duckdb.connect(str(company.warehouse)) as foreign:
        foreign.execute("CREATE TABLE t (a INTEGER)")

    assert "no warehouse of Streamgauge" in one_sentence(company.run("show", "in_flight"))


def test_showing_without_a_warehouse_says_what_makes_one_and_makes_none(company):
    assert "streamgauge sync" in one_sentence(company.run("show", "in_flight"))
    assert files(company) == {"streamgauge.toml"}


@pytest.mark.parametrize("text", ["json", "csv", "parquet", "table"])
def test_showing_prints_the_answer_and_nothing_else_on_stdout(filled, text):
    command = [
        sys.executable,
        "-m",
        "app.cli",
        "show",
        "open_items",
        AS_OF,
        f"--format={text}",
        "-c",
        str(filled.config),
    ]

    answer = subprocess.run(command, capture_output=True, cwd=ROOT, check=True)

    assert answer.stderr == b""
    assert answer.stdout.startswith({"json": b"{", "csv": b"item,", "parquet": b"PAR1", "table": b"Open items"}[text])


def test_a_reader_that_has_enough_is_no_error(filled):
    line = f"{sys.executable} -m app.cli show open_items {AS_OF} -f json -c {filled.config} | head -c 1"

    answer = subprocess.run(line, shell=True, capture_output=True, text=True, cwd=ROOT, check=True)

    assert answer.stdout == "{"
    assert answer.stderr == ""


def test_a_question_does_not_wait_for_the_library_that_only_temporal_needs():
    found = subprocess.run(
        [sys.executable, "-c", "import sys, app.cli_show; print('temporalio' in sys.modules)"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )

    assert found.stdout == "False\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_answers_are_the_same_with_and_without_the_service(filled, number):
    asked = [("in_flight", "--by=Region"), ("open_items", "--where=Region=South")]

    def answers() -> list[str]:
        return [filled.run("show", *words, AS_OF, "--format=json").stdout for words in asked]

    alone = answers()
    notice = filled.up()
    through_service = answers()
    assert filled.down(number) == (0 if number == signal.SIGTERM else -signal.SIGKILL)

    assert [len(json.loads(answer)["rows"]) > 0 for answer in alone] == [True, True]
    assert through_service == alone
    assert _health(notice.url) is None
    # Ended properly it takes its notice away; killed it leaves one that nobody believes.
    assert service_file.place(filled.warehouse).exists() == (number == signal.SIGKILL)
    assert answers() == alone


def test_ctrl_c_ends_the_service_in_peace(filled):
    filled.up()

    assert filled.down(signal.SIGINT) == 0
    assert "Traceback" not in (filled.folder / "up.log").read_text()


def test_a_second_service_on_one_warehouse_is_refused_by_pid_and_url(filled):
    notice = filled.up()

    told = one_sentence(filled.run("up"))

    assert f"pid {notice.pid}" in told
    assert notice.url in told
    assert service_file.read(filled.warehouse) == notice


def test_the_service_refuses_what_show_asks_wrongly_with_the_same_sentence(filled):
    words = ("show", "in_flight", "--by=colour")
    alone = one_sentence(filled.run(*words))
    filled.up()

    assert one_sentence(filled.run(*words)) == alone


def test_a_port_in_use_is_told(filled):
    notice = filled.up()
    other = filled.folder / "other"
    other.mkdir()
    filled.config.rename(other / "streamgauge.toml")
    port = notice.url.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "app.cli", "up", "--port", port, "--config", str(other / "streamgauge.toml")]

    answer = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)

    assert f"Port {port} on 127.0.0.1 is in use" in one_sentence(answer)


def test_check_says_that_all_is_sound_and_changes_nothing(filled):
    before = filled.warehouse.read_bytes()

    answer = filled.run("check")

    assert answer.returncode == 0, answer.stdout
    assert "warehouse: derived rows are what a rebuild gives" in answer.stdout
    assert filled.warehouse.read_bytes() == before
    assert files(filled) == {"streamgauge.toml", "streamgauge.duckdb"}


def test_check_tells_every_fault_not_only_the_first(filled):
    database = '[[databases]]\nname = "crm"\nurl_env = "CRM_NOT_SET"\ntables = [{ name = "t", key = ["id"] }]'
    filled.configure(f"{TEMPORAL}\n{database}")

    answer = filled.run("check")

    assert answer.returncode == 1
    assert "No Temporal configuration at" in answer.stdout
    assert "CRM_NOT_SET is not set" in answer.stdout
    assert "warehouse: derived rows" in answer.stdout


def _health(url: str) -> int | None:
    try:
        return httpx.get(f"{url}/healthz", trust_env=False, timeout=2).status_code
    except httpx.HTTPError:
        return None
