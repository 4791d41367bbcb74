"""Nudges: what a stream's author agrees may be done to a run so that it moves."""

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from value_stream.durations import Duration
from value_stream.model import External, Name, Part, Scalar, Words, titled_by_name
from value_stream.rules import refuse

Verb = Literal[
    "signal",
    "update",
    "reset_activity",
    "unpause_activity",
    "unpause",
    "cancel",
    "reset",
    "terminate",
    "start_again",
    "auto_upgrade",
    "activity_options",
    "pause",
]
VERBS: tuple[Verb, ...] = get_args(Verb)
"""What may be done to a run, in the order in which it is offered: gentle first."""
ON_ACTIVITIES: tuple[Verb, ...] = ("reset_activity", "unpause_activity", "activity_options")


class Argument(Part):
    """One field of the form that is filled in before a message is sent. All fields together make its one argument, an
    object; without fields the message goes without arguments."""

    name: Name = Field(description="Key in the object.")
    title: Words = titled_by_name("What the form says")
    kind: Literal["text", "number", "flag"] = Field(default="text", description="What is typed in.")
    options: tuple[Words, ...] = Field(default=(), description="Values to choose from, for text.")
    value: Scalar | None = Field(default=None, description="What stands there at first; {user} is who sends it.")
    required: bool = Field(default=True, strict=True, description="It must be filled in.")


class ActivityOptions(Part):
    """Options of a pending activity that are changed; what is not named stays."""

    start_to_close: Duration | None = Field(default=None, description="How long one attempt may take.")
    schedule_to_close: Duration | None = Field(default=None, description="How long all attempts together may take.")
    heartbeat: Duration | None = Field(default=None, description="How long it may be silent.")
    attempts: int | None = Field(default=None, ge=0, strict=True, description="Most attempts; 0 is without limit.")
    queue: External | None = Field(default=None, description="Task queue to move it to.")


class Nudge(Part):
    """Something that the stream's author agrees may be done to a run so that it moves. Exactly one verb."""

    name: Name = Field(description="Name of the nudge.")
    title: Words = titled_by_name("What the button says")
    stage: Name | None = Field(default=None, description="Only in this stage; without it, in any.")
    cool_down: Duration | None = Field(default=None, description="Not again for the same item within this time.")
    activity: External | None = Field(
        default=None, description="Only the pending activity of this type; for a reset, go back to before it."
    )
    arguments: tuple[Argument, ...] = Field(default=(), description="What is asked for before a message is sent.")
    signal: External | None = Field(default=None, description="Send this signal.")
    update: External | None = Field(default=None, description="Send this update.")
    reset_activity: Literal[True] | None = Field(default=None, description="Try the pending step again now.")
    unpause_activity: Literal[True] | None = Field(default=None, description="Let a paused step go on.")
    unpause: Literal[True] | None = Field(default=None, description="Let a paused run go on.")
    pause: Literal[True] | None = Field(default=None, description="Hold the run.")
    cancel: Literal[True] | None = Field(default=None, description="Ask the run to end.")
    reset: Literal["first_task", "last_task", "before_activity"] | None = Field(
        default=None, description="Run again from the first or the last worker turn, or from before `activity`."
    )
    start_again: Literal[True] | None = Field(default=None, description="Start a new run with the same input.")
    auto_upgrade: Literal[True] | None = Field(default=None, description="Let the newest version of the code run it.")
    activity_options: ActivityOptions | None = Field(default=None, description="Change options of the pending step.")
    terminate: Literal[True] | None = Field(default=None, description="End the run at once.")

    @model_validator(mode="after")
    def _has_one_verb(self) -> Self:
        verbs = self._verbs()
        if len(verbs) != 1:
            found = f"it has {' and '.join(verbs)}" if verbs else "it has none"
            raise refuse(f"a nudge has exactly one of {', '.join(VERBS)}; {found}")
        if self.arguments and verbs[0] not in ("signal", "update"):
            raise refuse("`arguments` belong to signal or update")
        if self.activity is not None and verbs[0] not in ON_ACTIVITIES and self.reset != "before_activity":
            raise refuse(f"`activity` belongs to {', '.join(ON_ACTIVITIES)}, or to reset = 'before_activity'")
        if self.reset == "before_activity" and self.activity is None:
            raise refuse("reset = 'before_activity' needs the `activity`")
        return self

    def _verbs(self) -> list[Verb]:
        return [verb for verb in VERBS if getattr(self, verb) is not None]

    @property
    def verb(self) -> Verb:
        """What is done."""
        return self._verbs()[0]
