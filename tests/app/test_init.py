"""`streamgauge init`: what it finds, what it writes, and that what it wrote can be used."""

import tomllib
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from app.config import load
from app.config_text import FoundDatabase, FoundSources, config_text
from connectors.database.config import TableConfig
from connectors.database.discovery import FoundTable, find_tables
from connectors.errors import ConnectorError
from connectors.temporal.discovery import FoundCluster, FoundNamespace
from tests.app.conftest import Company
from tests.fixtures.temporal import dev_server, free_port

TABLES = (
    "CREATE TABLE request (id uuid PRIMARY KEY, updated_at timestamptz NOT NULL, created_at timestamptz)",
    "CREATE INDEX ON request (updated_at)",
    "CREATE TABLE line (request_id uuid, number int, last_modified timestamp, PRIMARY KEY (request_id, number))",
    "CREATE TABLE login (id int PRIMARY KEY, password_changed_at timestamptz, updated_by text)",
    "CREATE TABLE note (said text)",
)

HOSTILE = 'a"b\\\n[temporal]\n# \x7f\u202e'


@pytest.fixture
def tables(postgres_url: str) -> str:
    engine = create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        for statement in TABLES:
            connection.execute(text(statement))
    engine.dispose()
    return postgres_url


@pytest.mark.server
@pytest.mark.postgres
def test_what_init_writes_loads_and_passes_check(company: Company, tables: str) -> None:
    company.config.unlink()
    with dev_server(options=["--namespace", "claims"]) as server:
        environment = {"TEMPORAL_ADDRESS": server.address, "CRM_DATABASE_URL": tables}
        made = company.run("init", **environment)
        checked = company.run("check", **environment)

    assert made.returncode == 0, made.stderr
    assert "namespace claims: 0 open runs" in made.stdout
    assert "table crm.line: key request_id, number, no cursor: last_modified has no index" in made.stdout
    assert "table crm.note: It has no primary key" in made.stdout
    config = load(company.config)
    assert [cluster.namespaces for cluster in config.temporal] == [("claims", "default")]
    (crm,) = config.databases
    assert (crm.name, crm.url_env) == ("crm", "CRM_DATABASE_URL")
    assert [(table.name, table.key, table.cursor) for table in crm.tables] == [
        ("line", ("request_id", "number"), None),
        ("login", ("id",), None),
        ("request", ("id",), "updated_at"),
    ]
    assert tables not in company.config.read_text()
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.postgres
def test_a_temporal_out_of_reach_is_said_and_left_out(company: Company, tables: str) -> None:
    company.config.unlink()
    address = f"127.0.0.1:{free_port()}"

    made = company.run("init", "--database", "shop=SHOP_URL", TEMPORAL_ADDRESS=address, SHOP_URL=tables)

    assert made.returncode == 0, made.stderr
    assert f"left out Temporal at {address}: tried to connect" in made.stdout
    config = load(company.config)
    assert config.temporal == ()
    assert [database.name for database in config.databases] == ["shop"]
    assert "# [[temporal]]" in company.config.read_text()


def test_where_nothing_can_be_reached_nothing_is_written(company: Company) -> None:
    company.config.unlink()

    made = company.run("init", TEMPORAL_ADDRESS=f"127.0.0.1:{free_port()}")

    assert made.returncode == 1
    assert "Nothing could be reached, so nothing was written." in made.stderr
    assert list(company.folder.iterdir()) == []


def test_a_config_that_is_there_is_left_alone(company: Company) -> None:
    before = company.config.read_text()

    refused = company.run("init")

    assert refused.returncode == 1
    assert "is there already and was left alone. Overwrite it with --force." in refused.stderr
    assert company.config.read_text() == before


def test_a_url_where_a_variable_belongs_is_refused_and_not_repeated(company: Company) -> None:
    refused = company.run("init", "--force", "--database", "crm=postgresql://ann:secret@host/crm")

    assert refused.returncode == 2
    assert "secret" not in refused.stderr + refused.stdout


def test_names_from_outside_stay_names(tmp_path: Path) -> None:
    found = FoundSources(
        "default",
        FoundCluster("here", (FoundNamespace(HOSTILE, 1), FoundNamespace("no", None, HOSTILE))),
        (
            FoundDatabase(
                "crm",
                "CRM_DATABASE_URL",
                (
                    FoundTable(HOSTILE, TableConfig(name=HOSTILE, key=(HOSTILE,)), slow_cursor=HOSTILE),
                    FoundTable(HOSTILE, None, problem=HOSTILE),
                ),
            ),
            FoundDatabase("gone", "GONE_DATABASE_URL", ConnectorError(HOSTILE, retryable=True)),
        ),
    )
    file = tmp_path / "streamgauge.toml"

    file.write_text(config_text(found), encoding="utf-8")

    config = load(file)
    assert config.temporal[0].namespaces == (HOSTILE,)
    assert [(table.name, table.key) for table in config.databases[0].tables] == [(HOSTILE, (HOSTILE,))]


def test_sources_of_which_nothing_can_be_read_leave_a_valid_config() -> None:
    found = FoundSources(
        "default",
        FoundCluster("here", (FoundNamespace("no", None, "refused"),)),
        (FoundDatabase("crm", "CRM", (FoundTable("note", None, problem="no key"),)),),
    )

    assert set(tomllib.loads(config_text(found))) == {"warehouse", "streams"}


def test_an_sqlite_database_is_asked_alike(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shop.sqlite"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE orders (id INTEGER PRIMARY KEY, updated_at TEXT)"))
        connection.execute(text("CREATE INDEX by_update ON orders (updated_at)"))
    engine.dispose()

    found = find_tables("shop", "SHOP", {"SHOP": url})

    assert found == (FoundTable("orders", TableConfig(name="orders", key=("id",), cursor="updated_at")),)


@pytest.mark.postgres
def test_a_table_that_may_not_be_read_is_left_out(tables: str, postgres_server: object) -> None:
    engine = create_engine(tables.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("CREATE ROLE init_reader LOGIN PASSWORD 'x'"))
        connection.execute(text("GRANT SELECT ON request TO init_reader"))
    url = engine.url.set(drivername="postgresql", username="init_reader", password="x")

    found = find_tables("crm", "CRM", {"CRM": url.render_as_string(hide_password=False)})

    assert [one.name for one in found if one.table] == ["request"]
    assert all("permission denied" in str(one.problem) for one in found if one.name in ("line", "login"))
    with engine.begin() as connection:
        connection.execute(text("DROP OWNED BY init_reader"))
        connection.execute(text("DROP ROLE init_reader"))
    engine.dispose()
