"""Text from outside on a terminal, or in a file for people."""


def printable(text: str) -> str:
    """The text as one line of printable letters: control characters would reach the terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
