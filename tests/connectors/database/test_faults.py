"""What goes wrong is said in one sentence, stops nothing else, and heals."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import psutil
import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from connectors.database.check import check
from connectors.database.config import DatabaseConfig
from connectors.database.reading import Database
from connectors.errors import ConnectorError
from sample_data.postgres import running_postgres
from tests.connectors.database.conftest import Mirror

MakeMirror = Callable[..., Mirror]
REQUESTS = {"name": "requests", "key": ["id"], "cursor": "updated_at"}


def config(**settings: object) -> DatabaseConfig:
    return DatabaseConfig.model_validate({"name": "crm", "url_env": "CRM_URL", "tables": [REQUESTS], **settings})


def with_requests(mirror: Mirror) -> Mirror:
    mirror.sql("CREATE TABLE requests (id INTEGER PRIMARY KEY, updated_at TIMESTAMP)")
    mirror.sql("CREATE INDEX requests_updated_at ON requests (updated_at)")
    mirror.sql("INSERT INTO requests VALUES (1, '2026-03-01 11:00:00'), (2, '2026-03-01 11:00:00')")
    return mirror


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(ConnectorError, match="CRM_URL is not set") as raised:
        Database(config(), {})
    assert not raised.value.retryable


@pytest.mark.parametrize(
    "url", ["no url s3cret", "postgresql://u:s3cret@h:port/x", "oracle://u:s3cret@h/x", "sqlite://"]
)
def test_a_useless_url_is_refused_and_never_quoted(url: str) -> None:
    with pytest.raises(ConnectorError, match="CRM_URL") as raised:
        Database(config(), {"CRM_URL": url})
    assert "s3cret" not in str(raised.value)


@pytest.mark.postgres
def test_a_wrong_password_is_said_and_not_shown(mirror_of: MakeMirror, postgres_url: str) -> None:
    mirror = mirror_of(postgres_url, tables=[REQUESTS])
    mirror.url = make_url(postgres_url).set(password="s3cret-wrong").render_as_string(hide_password=False)
    mirror.configure(tables=[REQUESTS])
    result = mirror.round()

    assert not result.is_complete and not result.is_retryable and result.as_of_at is None
    assert result.error is not None
    assert result.error.startswith("Database crm: the login was refused (")
    assert 'password authentication failed for user "postgres"' in result.error
    assert result.error.endswith("Check the user and the password in CRM_URL.")
    assert "s3cret" not in result.error


def test_a_server_that_is_not_there_may_come_back() -> None:
    database = Database(config(), {"CRM_URL": "postgresql://u:s3cret@127.0.0.1:1/x"})
    with pytest.raises(ConnectorError, match=r"(?i)refused.*Is CRM_URL right, and the database up\?") as raised:
        database.reach()
    assert raised.value.retryable
    assert "s3cret" not in str(raised.value)


def test_a_sqlite_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    missing = tmp_path / "no such.db"
    database = Database(config(), {"CRM_URL": f"sqlite:///{missing}"})
    with pytest.raises(ConnectorError, match="unable to open database file"):
        database.reach()
    assert not missing.exists()


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"name": "request", "key": ["id"]}, "Tables there: requests."),
        ({"name": "requests", "key": ["number"]}, "Its columns are: id, updated_at."),
        ({**REQUESTS, "cursor": "changed_at"}, "Its columns are: id, updated_at."),
        ({**REQUESTS, "columns": ["status"]}, "Its columns are: id, updated_at."),
        ({**REQUESTS, "query": "SELECT id FROM requests"}, "Its columns are: id."),
    ],
    ids=["table", "key", "cursor", "column", "query"],
)
def test_a_name_that_does_not_exist_is_answered_with_those_that_do(
    mirror_of: MakeMirror, any_url: str, table: dict[str, object], sentence: str
) -> None:
    mirror = with_requests(mirror_of(any_url, tables=[{**REQUESTS, "name": "requests"}]))
    mirror.configure(tables=[table])
    result = mirror.round()

    assert result.error is not None and sentence in result.error
    assert "streamgauge_rows" not in result.error
    assert not result.is_retryable
    assert mirror.versions() == []
    assert len(check(mirror.config, {"CRM_URL": mirror.url})) == 1


def test_one_faulty_table_does_not_stop_the_others(mirror_of: MakeMirror, any_url: str) -> None:
    mirror = with_requests(mirror_of(any_url, tables=[{"name": "gone", "key": ["id"]}, REQUESTS]))
    first, second = mirror.round(), mirror.round()

    assert first.error is not None and "table gone" in first.error
    assert (first.is_complete, first.as_of_at) == (False, None)
    assert mirror.rows().keys() == {"[1]", "[2]"}
    assert second.rows_changed == 0


@pytest.mark.postgres
def test_two_columns_of_one_name_are_refused(mirror_of: MakeMirror, postgres_url: str) -> None:
    query = "SELECT a.id, b.id FROM requests a JOIN requests b ON a.id = b.id"
    mirror = with_requests(mirror_of(postgres_url, tables=[{"name": "joined", "key": ["other"], "query": query}]))

    error = mirror.round().error
    assert error is not None and "two columns are named id" in error


@pytest.mark.postgres
def test_a_statement_that_takes_too_long_is_given_up(mirror_of: MakeMirror, postgres_url: str) -> None:
    slow = {"name": "slow", "key": ["id"], "query": "SELECT 1 AS id, pg_sleep(60)"}
    mirror = with_requests(mirror_of(postgres_url, tables=[slow, REQUESTS], statement_timeout_seconds=0.3))
    result = mirror.round()

    assert result.error == (
        "Database crm, query slow: a statement took longer than 0.3 s and was given up. "
        "Raise statement_timeout_seconds."
    )
    assert result.is_retryable
    assert len(mirror.rows()) == 2


def test_a_statement_of_sqlite_that_takes_too_long_is_given_up(mirror_of: MakeMirror, sqlite_url: str) -> None:
    endless = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT max(id) AS id FROM n"
    slow = {"name": "slow", "key": ["id"], "query": endless}
    mirror = with_requests(mirror_of(sqlite_url, tables=[slow, REQUESTS], statement_timeout_seconds=0.3))
    result = mirror.round()

    assert result.error is not None and "took longer than 0.3 s" in result.error
    assert len(mirror.rows()) == 2


@pytest.mark.postgres
def test_a_server_that_hangs_is_left_and_found_again(mirror_of: MakeMirror, postgres_url: str) -> None:
    mirror = with_requests(mirror_of(postgres_url, tables=[REQUESTS], statement_timeout_seconds=0.3))
    mirror.round()
    serving = psutil.Process(_serving_process(postgres_url))
    serving.suspend()
    try:
        began = monotonic()
        hung = mirror.round()
        took = monotonic() - began
    finally:
        serving.resume()
    mirror.sql("INSERT INTO requests VALUES (3, '2026-03-01 11:00:00')")
    healed = mirror.round()

    assert hung.error is not None and hung.is_retryable
    assert took < 30
    assert healed.is_complete
    assert len(mirror.versions()) == 3


def _serving_process(url: str) -> int:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        ours = (
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'streamgauge' AND datname = current_database()"
        )
        return int(connection.execute(text(ours)).scalar_one())


@pytest.mark.postgres
def test_a_connection_that_breaks_in_the_middle_of_a_table_loses_and_doubles_nothing(
    mirror_of: MakeMirror, postgres_url: str
) -> None:
    series = "FROM generate_series(1, 7000) AS id"
    broken = f"SELECT id, CASE WHEN id = 5500 THEN pg_terminate_backend(pg_backend_pid()) END AS broken {series}"
    whole = f"SELECT id, NULL AS broken {series}"
    mirror = mirror_of(postgres_url, tables=[{"name": "series", "key": ["id"], "query": broken}])
    result = mirror.round()
    assert result.error is not None and result.is_retryable

    mirror.configure(tables=[{"name": "series", "key": ["id"], "query": whole}])
    assert mirror.round().is_complete
    assert sorted(row_id for row_id, _ in mirror.versions("series")) == sorted(f"[{row}]" for row in range(1, 7_001))


@pytest.mark.postgres
def test_a_server_killed_between_two_batches_loses_and_doubles_nothing(mirror_of: MakeMirror, tmp_path: Path) -> None:
    tables = [{"name": "first", "key": ["id"]}, {"name": "second", "key": ["id"], "cursor": "id"}]
    filling = "SELECT generate_series(1, 7000) AS id"
    with running_postgres(tmp_path) as url:
        mirror = mirror_of(url, tables=tables)
        mirror.sql(f"CREATE TABLE first AS {filling}", f"CREATE TABLE second AS {filling}")
        mirror.round(only_batches=1)
        server = int((tmp_path / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(server, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(server)] if psutil.pid_exists(server) else [], timeout=10)
        gone = mirror.round()
    with running_postgres(tmp_path) as url:
        mirror.url = url
        mirror.configure(tables=tables)
        back = mirror.round()

    assert gone.error is not None and gone.is_retryable and not gone.is_complete
    assert back.is_complete
    for table in ("first", "second"):
        row_ids = [row_id for row_id, _ in mirror.versions(table)]
        assert sorted(row_ids) == sorted(f"[{row}]" for row in range(1, 7_001))


@pytest.mark.postgres
def test_nothing_can_be_written_through_a_query(mirror_of: MakeMirror, postgres_url: str) -> None:
    writing = {"name": "writing", "key": ["id"], "query": "SELECT nextval('numbers') AS id"}
    deleting = {"name": "deleting", "key": ["id"], "query": "SELECT id FROM emptied()"}
    mirror = with_requests(mirror_of(postgres_url, tables=[writing, deleting]))
    mirror.sql(
        "CREATE SEQUENCE numbers",
        "CREATE FUNCTION emptied() RETURNS SETOF requests LANGUAGE sql AS 'DELETE FROM requests RETURNING *'",
    )
    result = mirror.round()

    assert result.error is not None and result.error.count("read-only transaction") == 2
    mirror.configure(tables=[REQUESTS])
    assert mirror.round().rows_changed == 2


def test_nothing_can_be_written_to_sqlite(mirror_of: MakeMirror, sqlite_url: str) -> None:
    mirror = with_requests(mirror_of(sqlite_url, tables=[REQUESTS]))
    with mirror.database.engine.connect() as connection, pytest.raises(Exception, match="readonly database"):
        connection.execute(text("DELETE FROM requests"))


@pytest.mark.postgres
def test_a_table_without_the_right_to_read_it_says_so(mirror_of: MakeMirror, postgres_url: str) -> None:
    mirror = with_requests(mirror_of(postgres_url, tables=[REQUESTS]))
    role = f"reader_{make_url(postgres_url).database}"
    mirror.sql(f"CREATE ROLE {role} LOGIN PASSWORD 's3cret'")
    reader = make_url(postgres_url).set(username=role, password="s3cret")
    mirror.url = reader.render_as_string(hide_password=False)
    mirror.configure(tables=[REQUESTS])
    result = mirror.round()

    assert result.error is not None
    assert result.error.endswith("permission denied for table requests. Grant SELECT on it to this user.")


def test_check_finds_nothing_wrong_where_nothing_is(mirror_of: MakeMirror, any_url: str) -> None:
    mirror = with_requests(mirror_of(any_url, tables=[REQUESTS]))
    assert check(mirror.config, {"CRM_URL": any_url}) == ()


def test_check_finds_keys_that_repeat_and_cursors_without_index(mirror_of: MakeMirror, any_url: str) -> None:
    mirror = with_requests(
        mirror_of(any_url, tables=[{"name": "requests", "key": ["updated_at"], "cursor": "updated_at"}])
    )
    mirror.sql("DROP INDEX requests_updated_at")
    faults = check(mirror.config, {"CRM_URL": any_url})

    assert len(faults) == 2
    assert "the cursor updated_at has no index" in faults[0]
    assert "several rows have the updated_at" in faults[1]


def test_a_watermark_of_another_version_is_read_as_none(mirror_of: MakeMirror, sqlite_url: str) -> None:
    mirror = with_requests(mirror_of(sqlite_url, tables=[REQUESTS]))
    mirror.round()
    for strange in ("not json", "[]", '{"tables": 1}', '{"tables": {"requests": {"config": 5}}}'):
        mirror.sql("UPDATE requests SET updated_at = updated_at")
        assert mirror.read(strange).error is None

    assert len(mirror.versions()) == 2
