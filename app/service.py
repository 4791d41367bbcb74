"""The running service: the one process that owns the warehouse. Pages, API and rounds get everything through it."""

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import token_bytes

import value_stream
import warehouse
from app.config import Config, stream_files
from app.errors import ConfigError, ServiceError
from app.nudging import Nudging
from app.page_store import PageStore, url_beside
from value_stream import Stream
from warehouse import Warehouse, WarehouseError
from warehouse.reading import open_to_read


@dataclass
class Service:
    """Configuration, warehouse and streams of this process. Stream files are read once, when it opens."""

    config: Config
    warehouse: Warehouse
    streams: tuple[Stream, ...]
    started_at: datetime
    data_version: int = 0
    page_store: PageStore = field(default_factory=PageStore)
    nudging: Nudging = field(init=False)
    link_secret: bytes = field(default_factory=lambda: token_bytes(32), repr=False)
    # By this what is remembered of a service is kept apart from that of others: the id of one that is gone comes again.
    identity: object = field(default_factory=object, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self.nudging = Nudging(self.config, self.streams)

    def data_changed(self) -> None:
        """Count a committed batch: whoever remembers an answer sees that it is old."""
        with self._lock:
            self.data_version += 1

    def close(self) -> None:
        """Close the warehouse and what the pages keep."""
        self.page_store.close()
        self.warehouse.close()


def open_service(config: Config) -> Service:
    """Load the stream files, open the warehouse for writing and bring the streams into force in it.

    When a stream file's meaning changed, everything is derived again before this returns. Raises StreamFileError,
    ConfigError and WarehouseError; a wrong stream file leaves the warehouse untouched.
    """
    streams = value_stream.load_all(stream_files(config))
    if config.warehouse.exists():
        # Even to open a file for writing changes it; what is not ours to write must be left as it is.
        open_to_read(config.warehouse, may_be_older=True).close()
    opened = warehouse.open_warehouse(config.warehouse)
    now = datetime.now(UTC)
    try:
        con = opened.cursor()
        warehouse.replace_rules(con, value_stream.rule_rows(streams), value_stream.stream_versions(streams), now)
        con.close()
    except BaseException:
        opened.close()
        raise
    return Service(config, opened, streams, started_at=now, page_store=_page_store(config))


def _page_store(config: Config) -> PageStore:
    name = config.pages.views_url_env
    if name is None:
        return PageStore(url_beside(config.warehouse))
    if name not in os.environ:
        raise ConfigError(f"${name}, named by `views_url_env` under [pages], is not set.")
    return PageStore(os.environ[name])


_installed: list[Service] = []


def install(service: Service) -> None:
    """Make `service` the one of this process, in place of any before it."""
    _installed[:] = [service]


def current() -> Service:
    """The service of this process. Raises ServiceError before `install`."""
    if not _installed:
        raise ServiceError("No service in this process. Start the pages with `streamgauge up` or `streamgauge demo`.")
    return _installed[0]


def soundness(differing: Mapping[str, int], uneven: Sequence[Mapping[str, object]]) -> str:
    """One sentence for a sound warehouse. Raises WarehouseError for one that derived or summed something else."""
    if not differing and not uneven:
        return "derived rows are what a rebuild gives, and the stays of every item sum to its age"
    if uneven:
        first = uneven[0]
        raise WarehouseError(
            f"{len(uneven)} items do not add up; the first: {first['workflow_id']} of {first['stream']} "
            f"{first['fault']}. Please report it."
        )
    told = ", ".join(f"{table} {count}" for table, count in differing.items())
    raise WarehouseError(f"Derived rows differ from a rebuild ({told} rows). Please report it.")
