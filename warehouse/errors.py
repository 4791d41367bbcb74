"""What the warehouse raises."""


class WarehouseError(Exception):
    """The warehouse could not be opened, read or written; the message says what to do."""
