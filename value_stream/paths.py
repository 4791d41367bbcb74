"""Paths: where a fact about an item is written, in one grammar for the whole stream file.

workflow_id            identity            principal
input[.n].a.b          result[.a.b]        input.1 is the second argument; without a number it is the first
memo.k                 search_attribute.K  header.k      everything after the first dot is the key
db.SOURCE.TABLE.COLUMN
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

PART = r"[^\s.\[\]{}\"']+"
GRAMMAR = {
    "workflow_id": re.compile(r"workflow_id"),
    "identity": re.compile(r"identity"),
    "principal": re.compile(r"principal"),
    "input": re.compile(rf"input(\.{PART})*"),
    "result": re.compile(rf"result(\.{PART})*"),
    "memo": re.compile(r"memo\.\S+"),
    "search_attribute": re.compile(r"search_attribute\.\S+"),
    "header": re.compile(r"header\.\S+"),
    "db": re.compile(rf"db\.{PART}\.{PART}\.{PART}"),
}
EXAMPLES = {
    "workflow_id": "workflow_id",
    "identity": "identity",
    "principal": "principal",
    "input": "input.a.b",
    "result": "result.a",
    "memo": "memo.k",
    "search_attribute": "search_attribute.K",
    "header": "header.k",
    "db": "db.SOURCE.TABLE.COLUMN",
}
TABLE = re.compile(rf"db\.{PART}\.{PART}")
LONGEST = 500

ITEM_ROOTS = ("search_attribute", "memo", "input", "header", "db")
KEY_ROOTS = ("workflow_id", "search_attribute", "memo", "input", "header")
ACTOR_ROOTS = ("principal", "identity", "input", "result", "memo", "search_attribute", "header", "db")


@dataclass(frozen=True)
class Column:
    """A column of a database table, or the whole table where `column` is empty."""

    source: str
    table: str
    column: str = ""

    @property
    def table_path(self) -> str:
        """The table as a stream file writes it: `db.SOURCE.TABLE`."""
        return f"db.{self.source}.{self.table}"


def root_of(text: str) -> str | None:
    """The root that a text begins with as a path would (`input` for `input.a`), whether or not the rest is right."""
    root = re.split(r"[.\[]", text, maxsplit=1)[0]
    return root if root in GRAMMAR else None


def fault_of_path(text: str, roots: tuple[str, ...]) -> str | None:
    """Why a text is no path of one of these roots, in one sentence; None when it is one."""
    root = root_of(text)
    if root not in roots or root is None:
        return "not a path; write one of " + ", ".join(EXAMPLES[each] for each in roots)
    if len(text) > LONGEST or not GRAMMAR[root].fullmatch(text):
        return f"not a path; write it like {EXAMPLES[root]}"
    return None


def column_of(path: str) -> Column | None:
    """The database column that a path names, the table for `db.SOURCE.TABLE`; None for any other path."""
    if root_of(path) != "db" or not (GRAMMAR["db"].fullmatch(path) or TABLE.fullmatch(path)):
        return None
    return Column(*path.split(".")[1:])


def _checked(roots: tuple[str, ...]) -> Callable[[str], str]:
    def check(text: str) -> str:
        problem = fault_of_path(text, roots)
        if problem:
            raise PydanticCustomError("path", "{problem}", {"problem": problem})
        return text

    return check


def _checked_table(text: str) -> str:
    if len(text) > LONGEST or not TABLE.fullmatch(text):
        raise PydanticCustomError("table", "not a table; write it like db.SOURCE.TABLE")
    return text


def _checked_column(text: str) -> str:
    if len(text) > LONGEST or '"' in text or not text.isprintable():
        raise PydanticCustomError("column", "not a column's name")
    return text


def _checked_required(text: str) -> str:
    """A bare name means the field of that name in the first argument: `customer_id` is `input.customer_id`."""
    return _checked(ITEM_ROOTS)(text if root_of(text) else f"input.{text}")


ItemPath = Annotated[str, AfterValidator(_checked(ITEM_ROOTS))]
"""A fact about the item."""
RequiredPath = Annotated[str, AfterValidator(_checked_required)]
"""A fact about the item; a bare name means `input.<name>`."""
KeyPath = Annotated[str, AfterValidator(_checked(KEY_ROOTS))]
"""What identifies the item; not in a database, whose rows are found by it."""
ActorPath = Annotated[str, AfterValidator(_checked(ACTOR_ROOTS))]
"""Who did something, on the event or in the row that says so."""
ColumnName = Annotated[str, Field(min_length=1), AfterValidator(_checked_column)]
"""A column of a database table, as the database names it."""
TablePath = Annotated[str, AfterValidator(_checked_table)]
"""A table of a configured database."""
