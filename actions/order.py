"""What is asked for: a verb and its particulars."""

from datetime import datetime
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from actions.errors import ActionError
from value_stream import VERBS, Nudge, Stream, Verb

Point = Literal["first_task", "last_task", "before_activity", "at"]
Message = Literal["signals", "updates"]
# What each verb understands beside itself; it must have those in MUST.
TAKES: dict[str, frozenset[str]] = {
    "signal": frozenset({"name", "arguments"}),
    "update": frozenset({"name", "arguments"}),
    "reset_activity": frozenset({"activity"}),
    "unpause_activity": frozenset({"activity"}),
    "reset": frozenset({"point", "activity", "at", "leave_out"}),
    "activity_options": frozenset(
        {"activity", "start_to_close_seconds", "schedule_to_close_seconds", "heartbeat_seconds", "attempts", "queue"}
    ),
}
CHANGES = ("start_to_close_seconds", "schedule_to_close_seconds", "heartbeat_seconds", "attempts", "queue")


class Order(BaseModel):
    """A verb with what it needs to know. The same for every item of a plan."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    verb: Verb = Field(description="What is done.")
    nudge: str | None = Field(default=None, description="Name of the nudge in the stream file, if it is declared.")
    name: str | None = Field(default=None, min_length=1, max_length=1000, description="Signal or update to send.")
    arguments: tuple[JsonValue, ...] = Field(default=(), max_length=20, description="Its arguments, as JSON values.")
    activity: str | None = Field(default=None, description="Only pending activities of this type.")
    point: Point | None = Field(default=None, description="Where a reset goes back to.")
    at: AwareDatetime | None = Field(default=None, description="The instant a reset goes back to.")
    leave_out: tuple[Message, ...] = Field(default=(), description="Messages a reset does not apply again.")
    start_to_close_seconds: float | None = Field(default=None, gt=0, description="New start-to-close time-out.")
    schedule_to_close_seconds: float | None = Field(default=None, gt=0, description="New schedule-to-close time-out.")
    heartbeat_seconds: float | None = Field(default=None, gt=0, description="New heartbeat time-out.")
    attempts: int | None = Field(default=None, ge=0, description="New most attempts; 0 is without limit.")
    queue: str | None = Field(default=None, min_length=1, description="Task queue to move the activity to.")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        given = {name for name in type(self).model_fields if name not in ("verb", "nudge") and self._is_given(name)}
        if stray := sorted(given - TAKES.get(self.verb, frozenset())):
            raise _refused(f"{self.verb} takes no {stray[0]}")
        if self.verb in ("signal", "update") and self.name is None:
            raise _refused(f"{self.verb} needs the name of what to send")
        if self.verb == "reset":
            self._check_point()
        if self.verb == "activity_options" and not given & set(CHANGES):
            raise _refused(f"activity_options needs something to change: {', '.join(CHANGES)}")
        return self

    @property
    def key(self) -> str:
        """What makes two orders the same nudge, for the cool-down: verb and message."""
        return f"{self.verb} {self.name}" if self.name else self.verb

    def _is_given(self, name: str) -> bool:
        return getattr(self, name) not in (None, ())

    def _check_point(self) -> None:
        if self.point is None:
            raise _refused("reset needs a point: first_task, last_task, before_activity or at")
        if (self.point == "before_activity") is not (self.activity is not None):
            raise _refused("the activity belongs to a reset to before_activity, which needs it")
        if (self.point == "at") is not (self.at is not None):
            raise _refused("the instant belongs to a reset to `at`, which needs it")


def order_of(stream: Stream, wanted: str, **particulars: object) -> Order:
    """The order that a nudge's name in the stream file, else a verb, means. Raises ActionError.

    Particulars of a declared nudge are those of the file; only arguments may be added to a declared message.
    """
    given = {key: value for key, value in particulars.items() if value not in (None, (), [])}
    for nudge in stream.nudges:
        if nudge.name == wanted:
            return _checked(_declared(nudge) | given)
    if wanted not in VERBS:
        names = ", ".join(nudge.name for nudge in stream.nudges) or "none"
        raise ActionError(f"No nudge {wanted!r} in {stream.stream}. It declares: {names}. Verbs: {', '.join(VERBS)}.")
    return _checked({"verb": wanted} | given)


def declared_nudge(stream: Stream, order: Order) -> Nudge | None:
    """The nudge of the stream file that the order stands for; None when it stands for itself.

    An order that only claims to be declared is not: what it does must be what the file says.
    """
    for nudge in stream.nudges:
        if nudge.name == order.nudge and _declared(nudge).items() <= order.model_dump(exclude={"arguments"}).items():
            return nudge
    return None


def _declared(nudge: Nudge) -> dict[str, object]:
    told: dict[str, object] = {"verb": nudge.verb, "nudge": nudge.name}
    if nudge.verb in ("signal", "update"):
        told["name"] = getattr(nudge, nudge.verb)
    if nudge.verb == "reset":
        told["point"] = nudge.reset
    if nudge.activity is not None:
        told["activity"] = nudge.activity
    if (options := nudge.activity_options) is not None:
        micros = {"start_to_close": options.start_to_close, "schedule_to_close": options.schedule_to_close}
        micros["heartbeat"] = options.heartbeat
        told |= {f"{name}_seconds": value / 1e6 for name, value in micros.items() if value is not None}
        told |= {"attempts": options.attempts, "queue": options.queue}
    return told


def _checked(told: dict[str, object]) -> Order:
    try:
        return Order.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ActionError(f"Not a nudge: {place + ': ' if place else ''}{first['msg']}.") from error


def _refused(problem: str) -> PydanticCustomError:
    return PydanticCustomError("order", "{problem}", {"problem": problem})


def instant_words(at: datetime) -> str:
    """An instant in a sentence."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
