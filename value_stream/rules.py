"""Rules: what an event of a history, or a row of a database, must look like, and what it then means."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal, Self, get_args

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from value_stream.model import External, Name, Part, Scalar, Words
from value_stream.paths import ColumnName, TablePath, fault_of_path, root_of

EventKind = Literal[
    "start",
    "activity",
    "activity_done",
    "child",
    "nexus",
    "timer",
    "signal",
    "update",
    "search_attribute",
    "memo",
    "row",
    "close",
    "waiting_for",
    "stage_entered",
    "deadline",
    "activity_failing",
]
CloseStatus = Literal["completed", "failed", "canceled", "terminated", "timed_out"]
ActorKind = Literal["person", "rule", "timer"]

EVENT_KINDS: tuple[EventKind, ...] = get_args(EventKind)
SECONDS_LIMIT = 3_200_000_000  # a hundred years
# Where an outcome may be read, by kind of event. An event carries nothing else.
OUTCOME_ROOTS: Mapping[str, tuple[str, ...]] = {
    "start": ("input", "memo", "search_attribute", "header"),
    "activity": ("input", "result", "header"),
    "activity_done": ("result",),
    "child": ("input", "header"),
    "signal": ("input", "header"),
    "update": ("input", "result", "header"),
    "search_attribute": ("search_attribute",),
    "memo": ("memo",),
    "row": ("db",),
}
PATH_ROOTS = {root for roots in OUTCOME_ROOTS.values() for root in roots}


def refuse(problem: str) -> PydanticCustomError:
    """A fault of a rule as pydantic reports it."""
    return PydanticCustomError("rule", "{problem}", {"problem": problem})


def _one_kind(kinds: tuple[EventKind, ...]) -> ConfigDict:
    """Let an editor know that a rule has exactly one kind."""
    one: list[dict[str, object]] = [{"required": [kind]} for kind in kinds if kind != "timer"]
    one.append({"anyOf": [{"required": ["timer"]}, {"required": ["seconds"]}]})
    return ConfigDict(json_schema_extra={"oneOf": one})  # type: ignore[dict-item]


class EventRule(Part):
    """Matches events (or rows) of exactly one kind. Names are exact, never patterns."""

    KINDS: ClassVar[tuple[EventKind, ...]] = EVENT_KINDS[:13]
    model_config = _one_kind(KINDS)

    start: Literal[True] | None = Field(default=None, description="The item opens.")
    activity: External | None = Field(default=None, description="An activity of this type is scheduled.")
    activity_done: External | None = Field(default=None, description="An activity of this type completes.")
    child: External | None = Field(default=None, description="A child run of this workflow type is initiated.")
    nexus: External | None = Field(
        default=None, description="A Nexus operation is initiated, written service/operation."
    )
    timer: External | None = Field(default=None, description="A timer with this summary starts.")
    seconds: float | None = Field(
        default=None,
        gt=0,
        le=SECONDS_LIMIT,
        allow_inf_nan=False,
        strict=True,
        description="A timer of this length starts, in seconds; alone, or together with `timer`.",
    )
    signal: External | None = Field(default=None, description="A signal of this name arrives.")
    update: External | None = Field(default=None, description="An update of this name is accepted.")
    search_attribute: External | None = Field(
        default=None, description="This search attribute is set, at the start or later; see `equals`."
    )
    memo: External | None = Field(default=None, description="This memo field is set; see `equals`.")
    row: TablePath | None = Field(
        default=None,
        description="A row of this table (db.SOURCE.TABLE) appears, or its `column` takes the value `equals`.",
    )
    close: CloseStatus | None = Field(default=None, description="The item's last run closes with this status.")
    waiting_for: tuple[External, ...] | None = Field(
        default=None,
        min_length=1,
        description="The run stops with no step open, and one of these signals or updates moves it on.",
    )
    equals: Scalar | None = Field(
        default=None, description="The value that search_attribute, memo or the row's column must take."
    )
    column: ColumnName | None = Field(
        default=None, description="The column of `row` that must take the value `equals`."
    )
    workflow_type: External | None = Field(
        default=None, description="The event is of a child run of this type, not of the item's own chain."
    )
    after: Name | None = Field(default=None, description="Only while the item is in this stage.")

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        kinds = tuple(self._kinds())
        if len(kinds) != 1:
            found = f"it has {' and '.join(kinds)}" if kinds else "it has none"
            raise refuse(f"a rule has exactly one of {', '.join(self.KINDS)}; {found}")
        if self.equals is not None and kinds[0] not in ("search_attribute", "memo", "row"):
            raise refuse("`equals` belongs to search_attribute, memo or row")
        if self.column is not None and kinds[0] != "row":
            raise refuse("`column` belongs to row")
        if kinds[0] == "row" and self.equals is not None and self.column is None:
            raise refuse("`equals` of a row needs the `column` that takes the value")
        if self.start is not None and self.after is not None:
            raise refuse("`after` does not go with start: nothing comes before it")
        if self.workflow_type is not None and kinds[0] in ("start", "close", "row", "stage_entered", "deadline"):
            raise refuse(f"`workflow_type` does not go with {kinds[0]}, which is always of the item itself")
        return self

    def _kinds(self) -> Iterator[EventKind]:
        for kind in self.KINDS:
            if getattr(self, kind) is not None or (kind == "timer" and self.seconds is not None):
                yield kind

    @property
    def event_kind(self) -> EventKind:
        """The one kind of event that the rule matches."""
        return next(self._kinds())

    @property
    def names(self) -> tuple[str | None, ...]:
        """The names that match, one of which is enough; None where any does. A row's is SOURCE.TABLE."""
        if self.waiting_for is not None:
            return self.waiting_for
        if self.row is not None:
            return (self.row.removeprefix("db."),)
        name = getattr(self, self.event_kind)
        return (name,) if isinstance(name, str) and self.close is None else (None,)

    @property
    def value(self) -> str | None:
        """The value that must be taken: of `equals`, or the status of a close."""
        return self.close if self.close is not None else self.equals

    @property
    def seconds_micros(self) -> int | None:
        """The timer's length in microseconds."""
        return None if self.seconds is None else round(self.seconds * 1_000_000)


class EnterRule(EventRule):
    """An event by which an item enters a stage, or is done."""

    @model_validator(mode="after")
    def _says_which_value(self) -> Self:
        if self.event_kind in ("search_attribute", "memo") and self.equals is None:
            raise refuse(f"{self.event_kind} needs the value it must take: `equals`")
        if self.row is not None and (self.column is None or self.equals is None):
            raise refuse("row needs the `column` and the value it must take: `equals`")
        return self


class AskRule(EventRule):
    """An event by which a question is asked."""

    KINDS: ClassVar[tuple[EventKind, ...]] = (*EventRule.KINDS, "stage_entered")
    model_config = _one_kind(KINDS)

    stage_entered: Literal[True] | None = Field(default=None, description="The item enters the decision's stage.")


class AnswerRule(EventRule):
    """An event that answers a question, and where its outcome is written."""

    KINDS: ClassVar[tuple[EventKind, ...]] = (*EventRule.KINDS, "deadline")
    model_config = _one_kind((*EventRule.KINDS[:-1], "deadline"))

    deadline: Literal[True] | None = Field(default=None, description="The decision's deadline passes unanswered.")
    outcome: Words = Field(
        description="The outcome: one of the decision's options; or the path that holds it, like input.outcome; "
        "or, for a row, the column that holds it."
    )
    map: dict[str, Words] = Field(
        default_factory=dict, description="What each value at the outcome's path means; without it, the value itself."
    )
    kind: ActorKind | None = Field(
        default=None,
        description="Who answers so. By default a timer for deadline and timer, a rule for start, close, steps and "
        "children, else a person.",
    )

    @model_validator(mode="after")
    def _has_an_outcome_that_can_be_read(self) -> Self:
        if self.waiting_for is not None:
            raise refuse("waiting_for asks a question, it does not answer one")
        if root_of(self.outcome) in PATH_ROOTS and (problem := self._fault_of_outcome()):
            raise refuse(f"outcome: {problem}")
        return self

    def _fault_of_outcome(self) -> str | None:
        roots = OUTCOME_ROOTS.get(self.event_kind)
        if roots is None:
            return f"{self.event_kind} carries no data: name one of the options"
        if self.row is not None and not self.outcome.startswith(f"{self.row}."):
            return f"a row is read by its own column: name it, or write {self.row}.COLUMN"
        return fault_of_path(self.outcome, roots)

    @property
    def actor_kind(self) -> ActorKind:
        """Who answers so: as declared, else by the kind of event."""
        if self.kind is not None:
            return self.kind
        if self.event_kind in ("deadline", "timer"):
            return "timer"
        return "person" if self.event_kind in ("signal", "update", "row", "search_attribute", "memo") else "rule"

    def outcome_path(self, options: tuple[str, ...]) -> str | None:
        """The path that holds the outcome, given the decision's options; None when the outcome is a constant.

        An option is always a constant. What begins like a path is one. For a row without `equals` anything else is
        the name of its column.
        """
        if self.outcome in options:
            return None
        if root_of(self.outcome) in PATH_ROOTS:
            return self.outcome
        if self.row is not None and self.equals is None:
            return f"{self.row}.{self.outcome}"
        return None

    def answering_kind(self, options: tuple[str, ...]) -> EventKind:
        """The kind of event that carries the outcome: an activity whose result holds it answers when it completes."""
        path = self.outcome_path(options)
        if self.event_kind == "activity" and path is not None and root_of(path) == "result":
            return "activity_done"
        return self.event_kind


class ExceptionRule(EventRule):
    """What tells that an item is on an exception path."""

    KINDS: ClassVar[tuple[EventKind, ...]] = (*EventRule.KINDS, "activity_failing")
    model_config = _one_kind(KINDS)

    activity_failing: External | None = Field(default=None, description="An activity of this type is being retried.")
