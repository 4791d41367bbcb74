"""What holds for every message that a person sends, in whichever stream. Raise ValueError, which refuses an update."""


def require_name(by: str) -> None:
    """Raise ValueError when nobody says who it is."""
    if not by.strip():
        raise ValueError("Say who you are: `by` is empty.")


def require_one_of(outcome: str, options: tuple[str, ...]) -> None:
    """Raise ValueError unless the outcome is one of the options."""
    if outcome not in options:
        raise ValueError(f"Unknown outcome {outcome!r}. One of: {', '.join(options)}.")
