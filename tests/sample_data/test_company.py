"""The company's database on SQLite and on PostgreSQL: made once, written once, and its trouble under control."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, delete, func, select
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from sample_data import company, trouble
from sample_data.roster import CUSTOMERS, STAFF
from sample_data.service_request.activities import Books, Desk, VendorSystem
from sample_data.service_request.messages import Approvers, Decision, Order, Quote, Request, Stage
from sample_data.tables import APPROVALS, LEDGER, REQUESTS, TROUBLE, USERS, open_database
from sample_data.tables import CUSTOMERS as CUSTOMER_TABLE

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'crm.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    engine = open_database(url)
    company.create_company(engine, lambda: NOON)
    yield engine
    engine.dispose()


class Clock:
    """Noon, and a second later each time it is asked."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def run(activity, *arguments):
    """Run an activity as if a workflow had scheduled it; the environment's workflow is called `test`."""
    return ActivityEnvironment().run(activity, *arguments)


def ask(database: Engine, region: str = "west", budget_cents: int | None = None) -> Desk:
    """Write a request into the CRM."""
    desk = Desk(database, Clock())
    request = Request("C-001", "laptop", region, 3, budget_cents)
    run(desk.save_status, request, Stage.REQUEST, "C-001")
    return desk


def rows(database: Engine, table) -> list:
    with database.connect() as connection:
        return connection.execute(select(table)).all()


def test_creating_the_company_twice_changes_nothing(database):
    company.create_company(database)

    assert len(rows(database, USERS)) == len(STAFF)
    assert len(rows(database, CUSTOMER_TABLE)) == len(CUSTOMERS)
    assert {row.name for row in rows(database, TROUBLE) if not row.is_on} == {each.name for each in trouble.SWITCHES}


def test_every_activity_may_run_twice(database):
    desk, books = ask(database, budget_cents=50_000), Books(database, Clock())
    for _ in range(2):
        run(desk.save_quote, Quote("Mei Lin", 60_000))
        run(desk.record_decision, Decision("Hanna Brandt", "approve"), 1)
        run(books.post_bill, 1)
        run(books.reverse_bill, 1)
        run(books.post_bill, 2)
        run(books.confirm_settlement, 2)
        run(desk.save_status, Request("C-001", "laptop", "west"), Stage.SUPPORT, "support")

    [request] = rows(database, REQUESTS)
    assert (request.amount, request.status) == (Decimal(600), "support")
    assert len(rows(database, APPROVALS)) == 1
    assert sorted((row.delivery, row.amount) for row in rows(database, LEDGER)) == [(1, -600), (1, 600), (2, 600)]


def test_the_first_settlement_keeps_its_instant(database):
    ask(database)
    books = Books(database, Clock())
    run(books.post_bill, 1)
    run(books.confirm_settlement, 1)
    [first] = rows(database, LEDGER)

    run(books.confirm_settlement, 1)

    assert rows(database, LEDGER) == [first]


def test_every_change_of_a_request_moves_its_cursor(database):
    desk = ask(database)
    stamps = []
    for change in (
        lambda: run(desk.save_quote, Quote("Mei Lin", 60_000)),
        lambda: run(desk.assign_approver),
        lambda: run(desk.escalate),
        lambda: run(desk.send_reminder, "decide"),
    ):
        change()
        stamps.append(rows(database, REQUESTS)[0].updated_at)

    assert stamps == sorted(set(stamps))


@pytest.mark.parametrize(
    ("region", "cents", "approvers"),
    [
        ("west", 200_000, Approvers("Hanna Brandt", ("Hanna Brandt", "Ingrid Solberg"))),
        ("east", 200_000, Approvers("Chidi Okafor", ("Chidi Okafor", "Ingrid Solberg"))),
        ("east", 200_001, Approvers("Ingrid Solberg", ("Ingrid Solberg",))),
        ("north", None, Approvers("Hanna Brandt", ("Hanna Brandt", "Ingrid Solberg"))),
        ("a region nobody answers for", 100, Approvers("Ingrid Solberg", ("Ingrid Solberg",))),
    ],
)
def test_the_regions_manager_decides_up_to_the_limit_and_the_director_always(database, region, cents, approvers):
    desk = ask(database, region, cents)

    assert run(desk.assign_approver) == approvers


def test_without_a_director_the_step_says_what_is_missing(database):
    desk = ask(database, "east", 200_001)
    with database.begin() as connection:
        connection.execute(delete(USERS).where(USERS.c.role == "director"))

    with pytest.raises(ApplicationError, match="Nobody in `users` may decide on this request: add a director"):
        run(desk.assign_approver)


def test_an_outage_is_felt_where_the_site_is_offline(database):
    vendor = VendorSystem(database)
    trouble.turn(database, trouble.VENDOR_OUTAGE, True, by="a test")

    with pytest.raises(ApplicationError, match="Cannot place the order: the vendor's site for north answers 503") as it:
        run(vendor.place_order, Order(1, "laptop", "north"))
    assert it.value.type == "VendorOffline"
    assert run(vendor.place_order, Order(1, "laptop", "south")) == run(vendor.place_order, Order(1, "laptop", "south"))


def test_trouble_comes_and_goes_on_its_cycle(database):
    outage = trouble.SWITCHES[0]
    seen = []
    for elapsed in (0, outage.on_seconds, outage.every_seconds):
        trouble.follow_cycle(database, elapsed)
        seen.append(trouble.is_on(database, outage.name))

    assert seen == [True, False, True]


def test_a_switch_that_a_person_turned_is_left_alone(database):
    trouble.turn(database, trouble.VENDOR_OUTAGE, False, by="an operator")
    trouble.follow_cycle(database, 0)
    assert not trouble.is_on(database, trouble.VENDOR_OUTAGE)

    trouble.turn(database, trouble.VENDOR_OUTAGE, False, by=trouble.CYCLE)
    trouble.follow_cycle(database, 0)
    assert trouble.is_on(database, trouble.VENDOR_OUTAGE)


def test_the_command_line_creates_the_company_and_turns_its_trouble(tmp_path, capsys):
    url = f"sqlite:///{tmp_path / 'crm.db'}"

    assert company.main(["--database-url", url, "create"]) == 0
    assert company.main(["--database-url", url, "trouble", "vendor-outage", "on"]) == 0

    engine = open_database(url)
    assert trouble.is_on(engine, "vendor-outage")
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(CUSTOMER_TABLE)).scalar() == len(CUSTOMERS)
    engine.dispose()
    assert capsys.readouterr().out == "done create\ndone trouble\n"


def test_the_command_line_says_what_the_database_answered(tmp_path, capsys):
    assert company.main(["--database-url", f"sqlite:///{tmp_path}", "create"]) == 1

    assert "unable to open database file" in capsys.readouterr().err
