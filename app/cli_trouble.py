"""`streamgauge trouble`: the demo's planted trouble from the command line."""

from pathlib import Path

from app.config import find, load
from app.demo_trouble import states, turn


def run_trouble(config_option: Path | None, name: str | None, state: str | None) -> None:
    """List all, show one, or turn one. Raises DemoError for what there is not, and where no demo runs."""
    config = load(find(config_option))
    if name is not None and state is not None:
        turn(config, name, state, "command line")
    for each in states(config):
        if name in (None, each.switch.name):
            by = "" if each.changed_by == "cycle" else f" (by {each.changed_by})"
            print(f"{each.switch.name:18} {'on ' if each.is_on else 'off'} {each.switch.detail}{by}")
