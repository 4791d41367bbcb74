"""The object that moves through a stream, and where the facts about it are found."""

from typing import Annotated

from pydantic import AfterValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from value_stream.model import External, Name, Part, Words, named_once, titled_by_name
from value_stream.paths import Column, ColumnName, ItemPath, KeyPath, TablePath, column_of
from value_stream.rules import EnterRule


def _checked_link(link: str) -> str:
    # the page makes a link of it: only addresses of the web, nothing that a browser would run
    if not link.startswith(("https://", "http://")) or any(character.isspace() for character in link):
        raise PydanticCustomError("link", "not a web address; write it like https://crm.example.com/requests/{item}")
    if link.count("{item}") != 1 or link.replace("{item}", "").count("{") > 0:
        raise PydanticCustomError("link", "write {item} once, where the item's key belongs")
    return link


Link = Annotated[str, Field(max_length=1000), AfterValidator(_checked_link)]


class Value(Part):
    """What an item is worth."""

    path: ItemPath = Field(alias="from", description="Where the amount is found: a path, like db.crm.requests.amount.")
    unit: Words = Field(description="Unit of the amount: EUR, hours, tons.")


class Item(Part):
    """The one business object that moves through the stream, and how to know it across runs and databases."""

    name: Words = Field(default="item", description="What people call one of them: request, claim, loan.")
    workflow_types: tuple[External, ...] = Field(
        min_length=1, description="Temporal workflow types whose runs make items."
    )
    key: KeyPath = Field(
        default="workflow_id",
        description="Business key, to join database rows and to show: workflow_id, or a search attribute, memo or "
        "input path. Runs that carry the same one at the same time are one item.",
    )
    sources: tuple[External, ...] = Field(
        default=(), description="Sources whose runs make items, as cluster/namespace; none means all."
    )
    initiator: ItemPath | None = Field(
        default=None, description="Path to who began the item: customer, internal, regulator, schedule."
    )
    owner: ItemPath | None = Field(default=None, description="Path to who owns the item now.")
    done: tuple[EnterRule, ...] = Field(default=(), description="Rules that end the item before its run does.")
    standing: bool = Field(
        default=False, strict=True, description="Its items never end by design: in flight, but not in cycle times."
    )
    value: Value | None = Field(default=None, description="What an item is worth.")
    segments: tuple[ItemPath, ...] = Field(default=(), description="Paths to compare items by.")
    link: Link | None = Field(
        default=None, description="Web address of an item elsewhere; {item} stands for its business key."
    )

    @field_validator("workflow_types", "sources", "segments")
    @classmethod
    def _named_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return named_once(names)


class Rows(Part):
    """How the rows of a database table find their item and their time."""

    table: TablePath = Field(description="The table: db.SOURCE.TABLE.")
    key: ColumnName = Field(description="Column that holds the item's key.")
    at: ColumnName | None = Field(
        default=None,
        description="Column that holds the instant of a row's version; without it, when it was first seen.",
    )

    @property
    def place(self) -> Column:
        """The database and the table."""
        place = column_of(self.table)
        assert place is not None, self.table
        return place


class System(Part):
    """A system outside that does part of the work."""

    name: Name = Field(description="Name of the system.")
    title: Words = titled_by_name("Name for people")
    activities: tuple[External, ...] = Field(min_length=1, description="Activity types that call it.")


class Move(Part):
    """A drawn arrow. A move that is seen but not drawn is drift."""

    from_stage: Name = Field(alias="from", description="Stage that is left.")
    to_stage: Name = Field(alias="to", description="Stage that is entered.")
    rework: bool = Field(default=False, strict=True, description="The item goes back to do something again.")
