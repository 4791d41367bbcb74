"""The demo company's planted trouble, as the page Demo and `streamgauge trouble` turn it on and off."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.config import Config
from app.errors import DemoError
from sample_data import trouble
from sample_data.tables import open_database

STATES = ("on", "off", "cycle")


def all_but(wished: Sequence[str] | None) -> tuple[str, ...]:
    """The names of the trouble that stays off; `wished` None: none does; `none` in it: all do.

    Raises DemoError for a name that there is not.
    """
    if wished is None:
        return ()
    unknown = sorted(set(wished) - {*trouble.NAMES, "none"})
    if unknown:
        raise DemoError(f"No trouble is called {unknown[0]!r}. One of: {', '.join(trouble.NAMES)}, none.")
    return tuple(name for name in trouble.NAMES if name not in wished)


def states(config: Config) -> list[trouble.State]:
    """How every switch stands. Raises DemoError when no demo runs there."""
    with _company(config) as database:
        return trouble.states(database)


def turn(config: Config, name: str, state: str, by: str) -> None:
    """Turn a switch `on` or `off`, or hand it back to its `cycle`. Raises DemoError for what there is not."""
    if state not in STATES:
        raise DemoError(f"{state!r} is none of: {', '.join(STATES)}.")
    with _company(config) as database:
        trouble.turn(database, name, state == "on", trouble.CYCLE if state == "cycle" else by)


@contextmanager
def _company(config: Config) -> Iterator[Engine]:
    if config.demo is None:
        raise DemoError("This configuration was not written by `streamgauge demo`: there is no trouble to turn.")
    try:
        database = open_database(config.demo.database_file.read_text(encoding="utf-8"))
        try:
            yield database
        finally:
            database.dispose()
    except LookupError as error:
        raise DemoError(str(error.args[0])) from error
    except (OSError, SQLAlchemyError) as error:
        raise DemoError(f"The demo's company does not answer: {error}. Is the demo running?") from error
