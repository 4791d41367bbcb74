"""What a connector raises."""


class ConnectorError(Exception):
    """A source could not be read. The message says what was tried, what came back and what to do.

    `retryable` is True when the next round may well succeed without anybody changing anything.
    """

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable
