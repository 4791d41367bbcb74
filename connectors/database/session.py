"""Reach a database, and read from it within a read-only transaction that ends in time."""

import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from connectors.database.config import DatabaseConfig
from connectors.errors import ConnectorError

CONNECT_SECONDS = 5
# A server that does not even end a statement at its time-out is taken for dead after this much more.
GRACE_SECONDS = 5.0
MYSQL = ("mysql", "mariadb")  # What SQLAlchemy calls the dialect of both.
DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "sqlite": "sqlite",
}


def database_url(config: DatabaseConfig, environment: Mapping[str, str] = os.environ) -> URL:
    """The URL in the environment variable that the config names, with the driver we use.

    Raises ConnectorError, never quoting the URL, when the variable is missing or holds no URL of a database we know.
    """
    where = f"Database {config.name}: the environment variable {config.url_env}"
    text = environment.get(config.url_env)
    if not text:
        raise ConnectorError(f"{where} is not set. Put the database's URL there.", retryable=False)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        form = "postgresql://user:password@host:5432/database"
        raise ConnectorError(f"{where} holds no URL. It should look like {form}.", retryable=False) from None
    backend = url.drivername.partition("+")[0]
    if backend not in DRIVERS:
        known = "postgresql, mysql, mariadb, sqlite"
        raise ConnectorError(f"{where} names a {backend} database. Known are: {known}.", retryable=False)
    return _opened_read_only(url.set(drivername=DRIVERS[backend]), where)


def _opened_read_only(url: URL, where: str) -> URL:
    if url.get_backend_name() != "sqlite":
        return url
    if not url.database or url.database == ":memory:":
        raise ConnectorError(f"{where} names no SQLite file. Use sqlite:////absolute/path.", retryable=False)
    path = url.database.removeprefix("file:").partition("?")[0]
    escaped = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return url.set(database=f"file:{escaped}", query={"mode": "ro", "uri": "true"})


def make_engine(config: DatabaseConfig, url: URL) -> Engine:
    """An engine whose connections are set up for reading only. Nothing is connected yet.

    Raises ConnectorError when the driver is not installed.
    """
    options: dict[str, object] = {}
    connect: dict[str, object] = {"connect_timeout": CONNECT_SECONDS}
    if url.get_backend_name() == "sqlite":
        connect = {"timeout": CONNECT_SECONDS, "check_same_thread": False}
        options["poolclass"] = NullPool  # A file is opened in no time, and may be replaced between two rounds.
    elif url.get_backend_name() == "postgresql":
        connect["prepare_threshold"] = None  # Poolers in front of PostgreSQL do not carry prepared statements.
        connect["application_name"] = "streamgauge"
        options.update(pool_size=1, max_overflow=1)
    else:
        from connectors.database.mysql_values import conversions_without_loss

        connect["charset"] = "utf8mb4"
        connect["conv"] = conversions_without_loss()
        connect["read_timeout"] = config.statement_timeout_seconds + GRACE_SECONDS
        if url.password is not None:
            connect["password"] = url.password.encode()  # Left to the driver, it would have to be Latin-1.
        options.update(pool_size=1, max_overflow=1)
    try:
        engine = create_engine(url, connect_args=connect, **options)
    except (ImportError, NoSuchModuleError) as error:
        raise ConnectorError(
            f"Database {config.name}: its driver is not installed: {error}.", retryable=False
        ) from error
    event.listen(engine, "connect", _set_up)
    return engine


def _set_up(connection: Any, _record: object) -> None:
    driver = type(connection).__module__.partition(".")[0]
    if driver == "sqlite3":
        connection.execute("PRAGMA query_only = ON")
        connection.text_factory = _lenient_text
    elif driver == "psycopg":
        from connectors.database.postgres_values import accept_every_value

        accept_every_value(connection)


def _lenient_text(data: bytes) -> str:
    # SQLite stores any bytes as text; one broken character must not stop the table.
    return data.decode("utf-8", "replace")


@contextmanager
def read_only(engine: Engine, timeout_seconds: float) -> Iterator[Connection]:
    """A transaction that cannot write, whose statements end after `timeout_seconds`."""
    milliseconds = max(1, round(timeout_seconds * 1000))
    with _connected(engine) as connection:
        with watch(connection, timeout_seconds):
            for statement in _preamble(engine, milliseconds):
                connection.exec_driver_sql(statement)
        yield connection


def _connected(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except RuntimeError as error:  # PyMySQL: a way to log in that it knows, but needs another package for.
        raise ConnectionError(f"cannot log in the way the server asks for: {error}") from error


def _preamble(engine: Engine, milliseconds: int) -> list[str]:
    if engine.dialect.name == "postgresql":
        return [
            "SET TRANSACTION READ ONLY",
            f"SET LOCAL statement_timeout = {milliseconds}",
            "SET LOCAL timezone = 'UTC'",
            "SET LOCAL datestyle = 'ISO, YMD'",
            "SET LOCAL intervalstyle = 'iso_8601'",
        ]
    if engine.dialect.name in MYSQL:
        is_mariadb = getattr(engine.dialect, "is_mariadb", False)
        limit = f"max_statement_time = {milliseconds / 1000}" if is_mariadb else f"max_execution_time = {milliseconds}"
        return [f"SET SESSION {limit}", "SET SESSION time_zone = '+00:00'", "START TRANSACTION READ ONLY"]
    return []


@contextmanager
def watch(connection: Connection, timeout_seconds: float) -> Iterator[None]:
    """Break off what the block waits for when its time is up.

    SQLite has no statement time-out of its own: the statement is interrupted. PostgreSQL has, but may hang without
    ever answering: after a grace the connection is cut. MariaDB and MySQL: their driver does it (`read_timeout`).
    """
    raw = connection.connection.driver_connection
    grace = 0.0 if connection.dialect.name == "sqlite" else GRACE_SECONDS
    timer = threading.Timer(timeout_seconds + grace, _break_off, [raw])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _break_off(raw: Any) -> None:
    if hasattr(raw, "interrupt"):
        raw.interrupt()
    elif hasattr(raw, "pgconn"):
        with socket.socket(fileno=os.dup(raw.pgconn.socket)) as wire:
            wire.shutdown(socket.SHUT_RDWR)
