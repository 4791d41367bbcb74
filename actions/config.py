"""What `[actions]` of the config says: whether anything may be done at all, by whom, and how much at once."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from actions.actor import Actor, Role
from value_stream import Verb
from value_stream.durations import Duration


class Rule(BaseModel):
    """One permission: these roles may do these verbs on these streams. What no rule grants is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    roles: tuple[Role, ...] = Field(min_length=1, description="Roles that may: viewer, operator, admin.")
    verbs: tuple[Verb, ...] = Field(default=(), description="Verbs they may use; none listed means every verb.")
    streams: tuple[str, ...] = Field(default=(), description="Streams they may act on; none listed means every stream.")
    declared: bool = Field(default=False, description="Only what the stream file itself declares under [[nudges]].")

    def grants(self, role: Role | None, verb: str, stream: str, *, is_declared: bool) -> bool:
        """Whether this rule lets that role do it."""
        return (
            role in self.roles
            and (not self.verbs or verb in self.verbs)
            and (not self.streams or stream in self.streams)
            and (is_declared or not self.declared)
        )


USUAL_RULES = (Rule(roles=("operator", "admin"), declared=True),)


class ActionsConfig(BaseModel):
    """`[actions]`: what may be done to workflows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow: bool = Field(default=False, description="Allow nudges. Off unless asked for.")
    rules: tuple[Rule, ...] = Field(
        default=USUAL_RULES,
        description="Who may do what; by default operators and admins may do what the stream files declare.",
    )
    profile: str | None = Field(
        default=None, description="Profile in Temporal's own configuration file to write with; by default the reader's."
    )
    profile_file: Path | None = Field(
        default=None, description="Temporal's own configuration file that holds `profile`; by default the reader's."
    )
    cap: int = Field(default=100, ge=1, le=1000, description="Most items in one plan. More could not be looked at.")
    rate: float = Field(default=10, gt=0, le=1000, description="Most acts per second.")
    canary: int = Field(default=3, ge=1, description="So many are tried before the rest follows.")
    failure_share: float = Field(
        default=0.2, ge=0, lt=1, description="Stop when more than this share of the acts so far was refused or failed."
    )
    cool_down: Duration | None = Field(
        default=60_000_000,
        validate_default=False,
        description="Not again for the same item within this time, where the stream file says nothing else.",
    )

    def why_not(self, actor: Actor, verb: str, stream: str, *, is_declared: bool) -> str | None:
        """One sentence on why this actor may not do this; None when they may."""
        if not self.allow:
            return "Nudges are off here: the config says [actions] allow = false."
        if actor.user is None:
            return "Nobody is signed in."
        if any(rule.grants(actor.role, verb, stream, is_declared=is_declared) for rule in self.rules):
            return None
        role = f"the role {actor.role}" if actor.role else "no role"
        kind = "this" if is_declared else "what the stream file does not declare"
        return (
            f"{actor.user} has {role}, which may not {words_of(verb)} in {stream}: no rule of [actions] grants {kind}."
        )


def words_of(verb: str) -> str:
    """A verb's name as words: `reset_activity` is `reset activity`."""
    return verb.replace("_", " ")
