"""A nudge as it is asked for from outside this process: by the command line, or over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from actions.order import Order, order_of
from actions.target import Target
from app.errors import AskError
from app.nudge_targets import targets_of
from value_stream import Stream


class NudgeAsk(BaseModel):
    """What to do, and to which items."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    what: str = Field(min_length=1)
    stream: str | None = None
    where: tuple[tuple[str, str], ...] = ()
    items: tuple[str, ...] = ()
    particulars: dict[str, Any] = {}

    def stream_in(self, streams: Sequence[Stream]) -> Stream:
        """The stream that is meant. Raises AskError."""
        names = ", ".join(stream.stream for stream in streams) or "none"
        if self.stream is None and len(streams) == 1:
            return streams[0]
        for stream in streams:
            if stream.stream == self.stream:
                return stream
        if self.stream is None:
            raise AskError(f"Which stream? Add --stream with one of: {names}.")
        raise AskError(f"No stream {self.stream!r}. There is: {names}.")

    def order(self, stream: Stream) -> Order:
        """What is to be done. Raises ActionError."""
        return order_of(stream, self.what, **self.particulars)

    def targets(self, con: DuckDBPyConnection, stream: Stream, now: datetime) -> list[Target]:
        """To which items. Raises AskError when none is named and nothing narrows them, else as `targets_of`."""
        if not self.where and not self.items:
            raise AskError("Say which items: --items with their keys, or --where with what narrows them.")
        return targets_of(con, stream, where=self.where, items=self.items, now=now)


def ask_from(body: bytes) -> NudgeAsk:
    """What a request asks for. Raises AskError."""
    try:
        return NudgeAsk.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the body"
        raise AskError(f"{place}: {first['msg']}.") from error
