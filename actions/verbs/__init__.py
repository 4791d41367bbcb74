"""All verbs, in the order in which they are offered. To add one: its file, its line here, its name in the streams."""

from actions.verb import Action
from actions.verbs.reset_activity import RESET_ACTIVITY
from actions.verbs.signal import SIGNAL
from value_stream import Verb

ALL: tuple[Action, ...] = (SIGNAL, RESET_ACTIVITY)
BY_VERB: dict[Verb, Action] = {action.verb: action for action in ALL}

__all__ = ["ALL", "BY_VERB"]
