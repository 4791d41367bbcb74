"""Scripts and styles of our own components, with what all of them share put before their own."""

from pathlib import Path

from app import theme

_ELEMENTS = Path(__file__).with_name("elements.js").read_text(encoding="utf-8")


def script(path: Path) -> str:
    """A component's script."""
    return _ELEMENTS + path.read_text(encoding="utf-8")


def style(path: Path) -> str:
    """A component's style."""
    return theme.CSS + path.read_text(encoding="utf-8")
