"""Errors that are the user's to mend: printed as one sentence, exit code 1. All else is our bug, traceback and all.

ConfigError         streamgauge.toml is missing or wrong
AskError            a question that cannot be answered as asked
ServiceError        the running service refused or could not do something
PageStoreError      a saved view cannot be kept, changed or read
DemoError           the demo could not start one of its parts
WarehouseError      the warehouse could not be opened, read or written
StreamFileError     a stream file is wrong
ConnectorError      a source did not answer as it should
MetricError         a metric cannot answer this question
ActionError         a nudge cannot be planned or sent as it was asked for
IOException         DuckDB's own: a disk gave or took less than it should while the warehouse was at work
"""


class ConfigError(Exception):
    """The configuration is missing or wrong; the message lists every fault with its place."""


class AskError(Exception):
    """A question that cannot be answered as it was asked; the message says what would do."""


class ServiceError(Exception):
    """The service is there already, cannot start, or refused a request."""


class DemoError(Exception):
    """The demo could not start one of its parts."""


class PageStoreError(Exception):
    """A saved view cannot be kept, changed or read."""


def is_interrupt(error: Exception) -> bool:
    """Whether it is Ctrl-C, or a signal we treat alike, that came while DuckDB was at work in the main thread."""
    return isinstance(error, RuntimeError) and str(error) == "Query interrupted"


def user_errors() -> tuple[type[Exception], ...]:
    """All of the above. A function, because most of them live in packages that `--help` should not have to import."""
    from duckdb import IOException

    from actions.errors import ActionError
    from connectors.errors import ConnectorError
    from metrics import MetricError
    from value_stream import StreamFileError
    from warehouse import WarehouseError

    ours = ConfigError, AskError, ServiceError, PageStoreError, DemoError
    return *ours, WarehouseError, StreamFileError, ConnectorError, MetricError, ActionError, IOException
