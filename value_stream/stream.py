"""A value stream as its organisation draws it: the whole of one `*.stream.toml`."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, Field, ModelWrapValidatorHandler, ValidationError, field_validator, model_validator

from value_stream.checks import cross_check
from value_stream.decision import Decision, StreamException
from value_stream.durations import Duration
from value_stream.faults import joined
from value_stream.item import Item, Move, Rows, System
from value_stream.model import Name, Part, Words, named_once, titled_by_name
from value_stream.nudge import Nudge
from value_stream.paths import RequiredPath
from value_stream.rules import EnterRule

StageKind = Literal["system", "human", "vendor", "regulatory", "queue"]
NO_LANE = "(none)"


class Stage(Part):
    """A lifecycle state of the item, drawn in the stream."""

    name: Name = Field(description="Name of the stage.")
    title: Words = titled_by_name("Name for people")
    lane: Words = Field(default=NO_LANE, description="The owner; a move to another lane is a handoff.")
    kind: StageKind | None = Field(default=None, description="Who or what does the work here.")
    enter: tuple[EnterRule, ...] = Field(
        default=(),
        description="What lets an item enter: the first rule of the file that matches wins. The first stage is entered "
        "at the start, unless another stage has a start rule.",
    )
    target: Duration | None = Field(default=None, description="What we aim for: share of stays within it.")
    deadline: Duration | None = Field(default=None, description="What we promised: past it, the item is stuck.")
    requires: tuple[RequiredPath, ...] = Field(
        default=(), description="Data that must exist at this point; a bare name means input.<name>."
    )
    validation: bool = Field(
        default=False, strict=True, description="An item that completes without passing here is a control breach."
    )
    adds_value: bool | None = Field(
        default=None,
        strict=True,
        description="Whether the customer would pay for what is done here; not said if absent.",
    )
    bad: bool = Field(default=False, strict=True, description="Ending here is ending badly.")

    @field_validator("requires")
    @classmethod
    def _named_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return named_once(names)

    @property
    def is_end(self) -> bool:
        """Every entry rule is a close rule: zero length, never in flight, it gives the outcome."""
        return bool(self.enter) and all(rule.close is not None for rule in self.enter)

    @property
    def target_micros(self) -> int | None:
        """What is aimed for, in microseconds."""
        return self.target

    @property
    def deadline_micros(self) -> int | None:
        """What was promised, in microseconds."""
        return self.deadline


class Stream(Part):
    """A value stream: what moves, through which stages, by which decisions, within which limits.

    Validation reports every fault at once, those between parts (a move to a stage that is not drawn) included.
    """

    stream: Name = Field(description="Name of the stream.")
    title: Words = titled_by_name("Name for people")
    item: Item = Field(description="The object that moves.")
    rows: tuple[Rows, ...] = Field(default=(), description="How the rows of databases find their item and their time.")
    systems: tuple[System, ...] = Field(default=(), description="Who does what outside.")
    stages: tuple[Stage, ...] = Field(min_length=1, description="The stages, in the order in which they are drawn.")
    moves: tuple[Move, ...] = Field(default=(), description="The drawn arrows.")
    decisions: tuple[Decision, ...] = Field(default=(), description="The decisions that matter.")
    exceptions: tuple[StreamException, ...] = Field(default=(), description="Exception paths.")
    nudges: tuple[Nudge, ...] = Field(default=(), description="What may be done to a run so that it moves.")

    @model_validator(mode="wrap")
    @classmethod
    def _whole(cls, data: object, validate: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, Mapping):
            return validate(data)
        between = cross_check(_plain(data))
        try:
            stream = validate(data)
        except ValidationError as error:
            raise joined(cls.__name__, error, between) from None
        if between:
            raise joined(cls.__name__, None, between)
        return stream

    @property
    def name(self) -> str:
        """Name of the stream."""
        return self.stream

    @property
    def lanes(self) -> tuple[str, ...]:
        """The owners, in the order in which they first appear."""
        return tuple(dict.fromkeys(stage.lane for stage in self.stages))

    def stage(self, name: str) -> Stage:
        """The stage of this name; KeyError where none is drawn."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)

    def decision(self, name: str) -> Decision:
        """The decision of this name; KeyError where there is none."""
        for decision in self.decisions:
            if decision.name == name:
                return decision
        raise KeyError(name)


def _plain(value: object) -> object:
    """The same as a file would hold it, where parts were already built in Python."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
