"""What the pages keep on the server: saved views, and when each viewer last looked.

A small SQLite file beside the warehouse; a database of yours where many servers share it. Losing it loses no figure.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from app.errors import PageStoreError

# Who comes back sooner has not been away: a reload, a second tab.
AWAY = timedelta(minutes=10)
LONGEST_NAME, LONGEST_ADDRESS, MOST_VIEWS = 80, 4000, 500

_TABLES = sa.MetaData()
_VIEW = sa.Table(
    "saved_view",
    _TABLES,
    sa.Column("view_id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(LONGEST_NAME), nullable=False, unique=True, comment="What the team calls it."),
    sa.Column("owner", sa.String(255), nullable=False, comment="Who saved it, and may rename and delete it."),
    sa.Column("screen", sa.String(80), nullable=False, comment="The page, by its name."),
    sa.Column("address", sa.Text, nullable=False, comment="The page's parameters, as in its address."),
    sa.Column("saved_at", sa.String(32), nullable=False, comment="Instant, ISO 8601, UTC."),
)
_LOOK = sa.Table(
    "look",
    _TABLES,
    sa.Column("viewer", sa.String(255), primary_key=True, comment="Who looks."),
    sa.Column("stream", sa.String(255), primary_key=True, comment="At which stream."),
    sa.Column("since_at", sa.String(32), nullable=False, comment="End of the look before this one, UTC."),
    sa.Column("until_at", sa.String(32), nullable=False, comment="When this look was last seen going on, UTC."),
)


@dataclass(frozen=True)
class View:
    """A page as somebody set it, under a name that the team shares."""

    view_id: int
    name: str
    owner: str
    screen: str
    address: str


class PageStore:
    """The store. `url` is SQLAlchemy's; None keeps all in memory, for as long as this object lives."""

    def __init__(self, url: str | None = None) -> None:
        self._engine = _engine(url)
        self._is_made = False
        self._lock = threading.Lock()  # SQLite lets one write at a time, and refuses who reads first and then writes.

    def views(self) -> list[View]:
        """All saved views, by name."""
        with self._writing() as con:
            names = ("view_id", "name", "owner", "screen", "address")
            found = con.execute(sa.select(*(_VIEW.c[name] for name in names)).order_by(_VIEW.c.name)).all()
        return [View(*row) for row in found]

    def save(self, name: str, owner: str, screen: str, address: str, now: datetime) -> None:
        """Keep a view; one of the same name and owner is replaced. Raises PageStoreError."""
        name = _checked(name)
        if len(address) > LONGEST_ADDRESS:
            raise PageStoreError("This page's address is too long to be saved: take some filters off.")
        with self._writing() as con:
            old = con.execute(sa.select(_VIEW.c.owner).where(_VIEW.c.name == name)).scalar()
            if old is not None and old != owner:
                raise PageStoreError(f"{old} has a view called {name}: choose another name.")
            if old is None and con.execute(sa.select(sa.func.count()).select_from(_VIEW)).scalar_one() >= MOST_VIEWS:
                raise PageStoreError(f"There are {MOST_VIEWS} views already: delete one first.")
            con.execute(_VIEW.delete().where(_VIEW.c.name == name))
            values = {"name": name, "owner": owner, "screen": screen, "address": address, "saved_at": _text(now)}
            con.execute(_VIEW.insert().values(**values))

    def rename(self, view: View, name: str, who: str, *, is_admin: bool = False) -> None:
        """Give a view another name; for its owner and admins. Raises PageStoreError."""
        name = _checked(name)
        with self._writing() as con:
            _may_change(con, view, who, is_admin)
            taken = con.execute(sa.select(_VIEW.c.view_id).where(_VIEW.c.name == name)).scalar()
            if taken not in (None, view.view_id):
                raise PageStoreError(f"There is a view called {name} already: choose another name.")
            con.execute(_VIEW.update().where(_VIEW.c.view_id == view.view_id).values(name=name))

    def delete(self, view: View, who: str, *, is_admin: bool = False) -> None:
        """Take a view away; for its owner and admins. Raises PageStoreError."""
        with self._writing() as con:
            _may_change(con, view, who, is_admin)
            con.execute(_VIEW.delete().where(_VIEW.c.view_id == view.view_id))

    def looked(self, viewer: str, stream: str, now: datetime) -> datetime:
        """Note that `viewer` looks at `stream`; gives the end of the look before this one.

        A look goes on as long as no more than AWAY passes without a word of it. On the very first one, that is `now`.
        """
        key = (_LOOK.c.viewer == viewer) & (_LOOK.c.stream == stream)
        with self._writing() as con:
            row = con.execute(sa.select(_LOOK.c.since_at, _LOOK.c.until_at).where(key)).one_or_none()
            since, until = (datetime.fromisoformat(at) for at in row) if row else (now, now)
            since = until if now - until > AWAY else since
            self._put_look(con, viewer, stream, since, now)
        return since

    def seen(self, viewer: str, stream: str, now: datetime) -> None:
        """`viewer` has taken note of everything: the next digest begins now."""
        with self._writing() as con:
            self._put_look(con, viewer, stream, now, now)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @staticmethod
    def _put_look(con: sa.Connection, viewer: str, stream: str, since: datetime, until: datetime) -> None:
        con.execute(_LOOK.delete().where((_LOOK.c.viewer == viewer) & (_LOOK.c.stream == stream)))
        values = {"viewer": viewer, "stream": stream, "since_at": _text(since), "until_at": _text(until)}
        con.execute(_LOOK.insert().values(**values))

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        try:
            with self._lock:
                if not self._is_made:
                    _TABLES.create_all(self._engine)
                    self._is_made = True
                with self._engine.begin() as con:
                    yield con
        except sa.exc.SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            raise PageStoreError(f"Could not use the store of saved views: {cause}.") from error


def url_beside(warehouse: Path) -> str:
    """Where the store lies unless the config says otherwise: a SQLite file beside the warehouse."""
    return sa.URL.create("sqlite", database=str(warehouse.with_name(warehouse.name + ".pages"))).render_as_string()


def _engine(url: str | None) -> sa.Engine:
    if url is None:
        return sa.create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    try:
        return sa.create_engine(url, pool_pre_ping=True)
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        raise PageStoreError(f"Could not use the store of saved views: {error}.") from error


def _may_change(con: sa.Connection, view: View, who: str, is_admin: bool) -> None:
    owner = con.execute(sa.select(_VIEW.c.owner).where(_VIEW.c.view_id == view.view_id)).scalar()
    if owner is None:
        raise PageStoreError(f"The view {view.name} is gone: somebody deleted it.")
    if owner != who and not is_admin:
        raise PageStoreError(f"The view {view.name} belongs to {owner}: save your own, or ask them.")


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise PageStoreError(f"Give the view a name of 1 to {LONGEST_NAME} characters.")
    return name


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()
