"""How long the company waits for answers, whichever stream they belong to."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Patience:
    """Waits in seconds, all fields of the class that is made of this one: they are part of a run's input."""

    @classmethod
    def at_speed(cls, speed: float) -> Self:
        """The same waits where a second lasts `1 / speed` seconds."""
        return cls(**{name: seconds / speed for name, seconds in vars(cls()).items()})
