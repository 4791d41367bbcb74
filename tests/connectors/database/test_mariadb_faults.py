"""What goes wrong on MariaDB is said in one sentence, stops nothing else, and heals."""

import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from sqlalchemy import make_url

from connectors.database.check import check
from tests.connectors.database.conftest import REQUESTS, Mirror, put_request, statuses
from tests.fixtures.mariadb import running_mariadb, server_pid

pytestmark = pytest.mark.mariadb
MakeMirror = Callable[..., Mirror]


def test_a_wrong_password_is_said_and_not_shown(mariadb_requests: Mirror) -> None:
    url = make_url(mariadb_requests.url).set(password="s3cret-wröng-密")
    mariadb_requests.url = url.render_as_string(hide_password=False)
    mariadb_requests.configure(tables=[REQUESTS])
    result = mariadb_requests.round()

    assert not result.is_complete and not result.is_retryable
    assert result.error == (
        "Database crm: the login was refused (Access denied for user 'streamgauge'@'127.0.0.1' (using password: YES)). "
        "Check the user and the password in CRM_URL."
    )


def test_a_password_of_any_alphabet_logs_in(mariadb_requests: Mirror) -> None:
    mariadb_requests.sql(
        "CREATE OR REPLACE USER polyglot@127.0.0.1 IDENTIFIED BY 'pässwort-密'",
        "GRANT ALL ON *.* TO polyglot@127.0.0.1",
    )
    url = make_url(mariadb_requests.url).set(username="polyglot", password="pässwort-密")
    mariadb_requests.url = url.render_as_string(hide_password=False)
    mariadb_requests.configure(tables=[REQUESTS])

    assert mariadb_requests.round().error is None


def test_a_way_to_log_in_that_the_driver_lacks_is_a_fault_of_this_database_alone(
    mirror_of: MakeMirror, tmp_path: Path
) -> None:
    # What a server says first (version, thread, salt, abilities, character set), then the way to log in it asks for.
    hello = b"\x0a11.4.0-MariaDB\0\1\0\0\0" + b"s" * 8 + b"\0\x09\x82\x2d\2\0\x08\0\x15" + bytes(10) + b"s" * 12
    said = (hello + b"\0mysql_native_password\0", b"\xfeclient_ed25519\0" + b"s" * 32 + b"\0")
    with socket.create_server(("127.0.0.1", 0)) as server:
        greeting = threading.Thread(target=_answer, args=(server, said))
        greeting.start()
        mirror = mirror_of(f"sqlite:///{tmp_path}/none.db", tables=[REQUESTS])
        mirror.url = f"mysql://modern:s3cret@127.0.0.1:{server.getsockname()[1]}/crm"
        mirror.configure(tables=[REQUESTS])
        result = mirror.round()
        greeting.join()

    assert result.error is not None and "cannot log in the way the server asks for" in result.error
    assert "s3cret" not in result.error


def _answer(server: socket.socket, said: tuple[bytes, bytes]) -> None:
    server.settimeout(10)
    client, _ = server.accept()
    with client:
        client.settimeout(10)
        for number, body in enumerate(said):
            client.sendall(len(body).to_bytes(3, "little") + bytes([2 * number]) + body)
            client.recv(4096)  # An answer, or the end.


def test_a_database_that_is_not_there_is_named(mariadb_requests: Mirror) -> None:
    mariadb_requests.url = make_url(mariadb_requests.url).set(database="no_such").render_as_string(hide_password=False)
    mariadb_requests.configure(tables=[REQUESTS])
    result = mariadb_requests.round()

    assert result.error == "Database crm: Unknown database 'no_such'. Is CRM_URL right, and the database up?"
    assert not result.is_retryable


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"name": "request", "key": ["id"]}, "Tables there: requests."),
        ({"name": "requests", "key": ["number"]}, "Its columns are: id, status, updated_at."),
        ({**REQUESTS, "cursor": "changed_at"}, "Its columns are: id, status, updated_at."),
        ({**REQUESTS, "columns": ["state"]}, "Its columns are: id, status, updated_at."),
        ({**REQUESTS, "query": "SELECT id FROM requests"}, "Its columns are: id."),
    ],
    ids=["table", "key", "cursor", "column", "query"],
)
def test_a_name_that_does_not_exist_is_answered_with_those_that_do(
    mariadb_requests: Mirror, table: dict[str, object], sentence: str
) -> None:
    mariadb_requests.configure(tables=[table])
    result = mariadb_requests.round()

    assert result.error is not None and sentence in result.error
    assert "streamgauge_rows" not in result.error
    assert not result.is_retryable
    assert len(check(mariadb_requests.config, {"CRM_URL": mariadb_requests.url})) == 1


def test_a_table_without_the_right_to_read_it_says_so(mariadb_requests: Mirror) -> None:
    name = make_url(mariadb_requests.url).database
    mariadb_requests.sql(
        "CREATE OR REPLACE USER reader@127.0.0.1 IDENTIFIED BY 's3cret'", f"CREATE TABLE {name}.open (id INT)"
    )
    mariadb_requests.sql(f"GRANT SELECT ON {name}.open TO reader@127.0.0.1")
    url = make_url(mariadb_requests.url).set(username="reader", password="s3cret")
    mariadb_requests.url = url.render_as_string(hide_password=False)
    mariadb_requests.configure(tables=[REQUESTS])
    result = mariadb_requests.round()

    assert result.error is not None and "SELECT command denied to user 'reader'" in result.error
    assert result.error.endswith("Grant SELECT on it to this user.")
    assert not result.is_retryable


def test_a_statement_that_takes_too_long_is_given_up(mariadb_requests: Mirror) -> None:
    slow = {"name": "slow", "key": ["id"], "query": "SELECT 1 AS id, SLEEP(60) AS slept"}
    put_request(mariadb_requests, 1, "new", "11:00:00")
    mariadb_requests.configure(tables=[slow, REQUESTS], statement_timeout_seconds=0.3)
    result = mariadb_requests.round()

    assert result.error == (
        "Database crm, query slow: a statement took longer than 0.3 s and was given up. "
        "Raise statement_timeout_seconds."
    )
    assert result.is_retryable
    assert statuses(mariadb_requests) == {"[1]": "new"}


def test_nothing_can_be_written_through_a_query(mariadb_requests: Mirror) -> None:
    put_request(mariadb_requests, 1, "new", "11:00:00")
    mariadb_requests.sql("CREATE FUNCTION emptied() RETURNS INT BEGIN DELETE FROM requests; RETURN 1; END")
    mariadb_requests.configure(
        tables=[{"name": "deleting", "key": ["id"], "query": "SELECT emptied() AS id"}, REQUESTS]
    )
    result = mariadb_requests.round()

    assert result.error == "Database crm, query deleting: Cannot execute statement in a READ ONLY transaction."
    assert not result.is_retryable
    assert statuses(mariadb_requests) == {"[1]": "new"}


def test_a_connection_killed_in_the_middle_of_a_table_loses_and_doubles_nothing(
    mirror_of: MakeMirror, mariadb_url: str
) -> None:
    # The killing happens in the server while it sends the rows: nothing of ours takes part.
    mirror = mirror_of(mariadb_url, tables=[{"name": "series", "key": ["id"], "query": "SELECT * FROM breaking"}])
    mirror.sql(
        "CREATE FUNCTION break_at(n INT) RETURNS INT BEGIN IF n = 5500 THEN KILL CONNECTION_ID(); END IF; RETURN n; END"
    )
    mirror.sql("CREATE VIEW breaking AS SELECT seq AS id, break_at(seq) AS broken FROM seq_1_to_7000")
    result = mirror.round()
    assert result.error is not None and result.is_retryable and not result.is_complete

    whole = "SELECT seq AS id, seq AS broken FROM seq_1_to_7000"
    mirror.configure(tables=[{"name": "series", "key": ["id"], "query": whole}])
    assert mirror.round().is_complete
    assert sorted(row_id for row_id, _ in mirror.versions("series")) == sorted(f"[{row}]" for row in range(1, 7_001))


def test_a_server_killed_in_the_middle_of_a_table_loses_and_doubles_nothing(
    mirror_of: MakeMirror, tmp_path: Path
) -> None:
    tables = [{"name": "first", "key": ["id"]}, {"name": "second", "key": ["id"], "cursor": "id"}]
    with running_mariadb(tmp_path) as url:
        mirror = mirror_of(with_driver(url), tables=tables)
        for name in ("first", "second"):
            mirror.sql(f"CREATE TABLE {name} (id INT PRIMARY KEY) SELECT seq AS id FROM seq_1_to_7000")
        mirror.round(only_batches=1)
        server = psutil.Process(server_pid(tmp_path))
        os.kill(server.pid, signal.SIGKILL)
        psutil.wait_procs([server], timeout=10)
        gone = mirror.round()
    with running_mariadb(tmp_path) as url:
        mirror.url = with_driver(url)
        mirror.configure(tables=tables)
        back = mirror.round()

    assert gone.error is not None and gone.is_retryable and not gone.is_complete
    assert back.is_complete
    for name in ("first", "second"):
        row_ids = [row_id for row_id, _ in mirror.versions(name)]
        assert sorted(row_ids) == sorted(f"[{row}]" for row in range(1, 7_001))


def with_driver(url: str) -> str:
    return make_url(url).set(drivername="mysql+pymysql").render_as_string(hide_password=False)


def test_a_server_that_hangs_is_left_and_found_again(mirror_of: MakeMirror, tmp_path: Path) -> None:
    with running_mariadb(tmp_path) as url:
        mirror = mirror_of(with_driver(url), tables=[REQUESTS], statement_timeout_seconds=0.3)
        mirror.sql("CREATE TABLE requests (id INT, status TEXT, updated_at DATETIME)")
        put_request(mirror, 1, "new", "11:00:00")
        mirror.round()
        server = psutil.Process(server_pid(tmp_path))
        server.suspend()
        try:
            hung = mirror.round()
        finally:
            server.resume()
        put_request(mirror, 2, "new", "11:00:00")
        healed = mirror.round()

    assert hung.error is not None and hung.is_retryable
    assert healed.is_complete
    assert statuses(mirror) == {"[1]": "new", "[2]": "new"}


def test_check_finds_keys_that_repeat_and_cursors_without_index(mariadb_requests: Mirror) -> None:
    put_request(mariadb_requests, 1, "new", "11:00:00")
    put_request(mariadb_requests, 2, "new", "11:00:00")
    assert check(mariadb_requests.config, {"CRM_URL": mariadb_requests.url}) == ()

    mariadb_requests.sql("ALTER TABLE requests DROP KEY updated_at")
    mariadb_requests.configure(tables=[{**REQUESTS, "key": ["status"]}])
    faults = check(mariadb_requests.config, {"CRM_URL": mariadb_requests.url})
    assert len(faults) == 2
    assert "the cursor updated_at has no index" in faults[0]
    assert "several rows have the status" in faults[1]
