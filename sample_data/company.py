"""The company's database from the command line: create it, and turn its trouble on and off.

python -m sample_data.company create
python -m sample_data.company trouble vendor-outage off
"""

import argparse
import os
import sys
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from sample_data import trouble
from sample_data.roster import CUSTOMERS, STAFF
from sample_data.tables import CUSTOMERS as CUSTOMER_TABLE
from sample_data.tables import METADATA, USERS, insert_once, open_database, utc_now


def create_company(database: Engine, clock: Callable[[], datetime] = utc_now, kept_off: Collection[str] = ()) -> None:
    """Create the tables and write customers, users and switches. What is there already stays as it is.

    `kept_off`: trouble that stays off until somebody turns it on.
    """
    METADATA.create_all(database)
    now = clock()
    with database.begin() as connection:
        for customer in CUSTOMERS:
            row = {"name": customer.name, "region": customer.region, "created_at": now, "updated_at": now}
            insert_once(connection, CUSTOMER_TABLE, {"id": customer.id}, row)
        for person in STAFF:
            row = {
                "role": person.role,
                "department": person.department,
                "regions": ",".join(person.regions),
                "approves_up_to": person.approves_up_to,
                "created_at": now,
                "updated_at": now,
            }
            insert_once(connection, USERS, {"name": person.name}, row)
    trouble.create_switches(database, clock, kept_off)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0 done, 1 the database or the name is wrong, 2 usage."""
    options = _parser().parse_args(arguments)
    try:
        database = open_database(options.database_url)
        if options.command == "create":
            create_company(database, kept_off=options.without)
            if options.past_ends_at is not None:
                _restore_past(database, options.past_ends_at)
        else:
            by = trouble.CYCLE if options.state == "cycle" else "command line"
            trouble.turn(database, options.name, options.state == "on", by)
    except (SQLAlchemyError, LookupError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"done {options.command}")
    return 0


def _restore_past(database: Engine, ends_at: datetime) -> None:
    from sample_data.past import recording, rows

    rows.restore(database, recording.before(ends_at))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sample_data.company", description=__doc__.splitlines()[0])
    add_database_option(parser)
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="create the tables, customers, users and switches")
    create.add_argument("--without", nargs="*", choices=trouble.NAMES, default=[], help="trouble that stays off")
    create.add_argument(
        "--past-ends-at",
        type=datetime.fromisoformat,
        help="with the rows of the recorded two weeks before this instant",
    )
    turn = commands.add_parser("trouble", help="turn one kind of trouble on or off, or leave it to its cycle")
    turn.add_argument("name", choices=trouble.NAMES)
    turn.add_argument("state", choices=["on", "off", "cycle"])
    return parser


def add_database_option(parser: argparse.ArgumentParser) -> None:
    """Add --database-url, which defaults to CRM_DATABASE_URL and is required without it."""
    url = os.environ.get("CRM_DATABASE_URL")
    parser.add_argument(
        "--database-url", default=url, required=url is None, help="the company's database (default: CRM_DATABASE_URL)"
    )


if __name__ == "__main__":
    sys.exit(main())
