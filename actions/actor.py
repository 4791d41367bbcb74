"""Who acts."""

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["viewer", "operator", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class Actor:
    """A person as signed in, or as the operating system knows them. `role` None: a known person without any role.

    `user` None is a stranger: nobody signed in, or somebody whose sign-in does not hold.
    """

    user: str | None
    role: Role | None = None
    via: str = ""

    @property
    def identity(self) -> str:
        """What Temporal is told: who pressed, and through what."""
        return f"streamgauge:{self.user}"


def stranger(via: str) -> Actor:
    """Nobody we know."""
    return Actor(None, None, via)
