"""What is under way in a run, in words."""

from actions.verb import Look


def unfinished(look: Look, fate: str) -> tuple[str, ...]:
    """A sentence for each step and child that is pending, with what becomes of it."""
    steps = [f"{each.name}{_outside(look, each.name)} {fate}." for each in look.seen.of_kind("activity")]
    children = [f"The child {each.name} ends as its parent close policy says." for each in look.seen.of_kind("child")]
    nexus = [f"The Nexus operation {each.name} {fate}." for each in look.seen.of_kind("nexus")]
    return (*steps, *children, *nexus)


def _outside(look: Look, activity: str | None) -> str:
    system = look.outside(activity or "")
    return f", which calls {system}," if system else ""
