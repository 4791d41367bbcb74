"""Decisions: questions asked of a person or a rule; and the exceptions that follow from them."""

from pydantic import Field, field_validator

from value_stream.durations import Duration
from value_stream.model import Name, Part, Words, named_once, titled_by_name
from value_stream.paths import ActorPath, RequiredPath
from value_stream.rules import AnswerRule, AskRule, EventRule, ExceptionRule, refuse


class Authority(Part):
    """Who may decide about items up to a value."""

    up_to: float | None = Field(
        default=None, ge=0, allow_inf_nan=False, description="Highest value, in the item's unit; without it, any."
    )
    roles: tuple[Words, ...] = Field(min_length=1, description="Roles that may decide.")


class Decision(Part):
    """A question with an outcome, an actor and two instants: asked and decided."""

    name: Name = Field(description="Name of the decision.")
    title: Words = titled_by_name("Name for people")
    stage: Name = Field(description="Stage it is asked in.")
    asked: AskRule = Field(
        default=AskRule(stage_entered=True), description="What asks the question; by default, the stage is entered."
    )
    answered: tuple[AnswerRule, ...] = Field(min_length=1, description="What answers it; the first that matches.")
    options: tuple[Words, ...] = Field(
        min_length=1, description="Outcomes it may have; the outcome of a deadline is one without being listed."
    )
    again: tuple[Words, ...] = Field(default=(), description="Options that close this question and open the next.")
    bad: tuple[Words, ...] = Field(default=(), description="Options that are a bad end.")
    actor: tuple[ActorPath, ...] = Field(
        default=("principal", "identity"), description="Where the person is named; the first that is present."
    )
    inputs: tuple[RequiredPath, ...] = Field(
        default=(), description="What the reviewer must see when asked; a bare name means input.<name>."
    )
    authority: tuple[Authority, ...] = Field(default=(), description="Who may decide, by the item's value, rising.")
    deadline: Duration | None = Field(default=None, description="Promised from asked to decided.")
    escalate_to: Words | None = Field(default=None, description="Role that decides when the deadline has passed.")
    needs: int = Field(default=1, ge=1, le=100, strict=True, description="Distinct actors that must answer.")
    claimed: tuple[EventRule, ...] = Field(default=(), description="Rules that tell that somebody took the question.")
    escalated: tuple[EventRule, ...] = Field(default=(), description="Rules that tell that it was escalated.")

    @field_validator("options", "again", "bad", "actor", "inputs")
    @classmethod
    def _named_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return named_once(names)

    @field_validator("authority")
    @classmethod
    def _limits_rise(cls, authority: tuple[Authority, ...]) -> tuple[Authority, ...]:
        limits = [float("inf") if level.up_to is None else level.up_to for level in authority]
        if limits != sorted(set(limits)):
            raise refuse("the limits `up_to` must rise; only the last level may do without one")
        return authority

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Every outcome that closes a question: the options, then what a passed deadline means."""
        passed = (rule.outcome for rule in self.answered if rule.deadline)
        return tuple(dict.fromkeys((*self.options, *passed)))


class StreamException(Part):
    """An exception path: part of the stream, not an outage."""

    name: Name = Field(description="Name of the exception.")
    title: Words = titled_by_name("Name for people")
    when: ExceptionRule = Field(description="What tells that an item is on it.")
    stage: Name | None = Field(default=None, description="Only in this stage; without it, in any.")
