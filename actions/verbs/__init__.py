"""All verbs, in the order in which they are offered. To add one: its file, its line here, its name in the streams."""

from actions.verb import Action
from actions.verbs.activity_options import ACTIVITY_OPTIONS
from actions.verbs.auto_upgrade import AUTO_UPGRADE
from actions.verbs.cancel import CANCEL
from actions.verbs.pause import PAUSE
from actions.verbs.reset import RESET
from actions.verbs.reset_activity import RESET_ACTIVITY
from actions.verbs.signal import SIGNAL
from actions.verbs.start_again import START_AGAIN
from actions.verbs.terminate import TERMINATE
from actions.verbs.unpause import UNPAUSE
from actions.verbs.unpause_activity import UNPAUSE_ACTIVITY
from actions.verbs.update import UPDATE
from value_stream import Verb

ALL: tuple[Action, ...] = (
    SIGNAL,
    UPDATE,
    RESET_ACTIVITY,
    UNPAUSE_ACTIVITY,
    UNPAUSE,
    CANCEL,
    RESET,
    TERMINATE,
    START_AGAIN,
    AUTO_UPGRADE,
    ACTIVITY_OPTIONS,
    PAUSE,
)
BY_VERB: dict[Verb, Action] = {action.verb: action for action in ALL}

__all__ = ["ALL", "BY_VERB"]
