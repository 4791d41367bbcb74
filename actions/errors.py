"""What an action raises."""


class ActionError(Exception):
    """A nudge cannot be planned or sent as it was asked for; the message says why and what would do."""


class NotAllowed(ActionError):
    """Whoever asked may not do this here; the message says what is allowed to whom."""


class NotEligible(Exception):
    """A verb cannot do anything good to this one item now; the message says why, for the plan."""
