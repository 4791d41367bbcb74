"""The pages there are, one line each: where a page is found, and what it needs above it."""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "pages"


@dataclass(frozen=True)
class Screen:
    """One page: `pages/<name>.py`, at `/<name>` with dashes; the first of SCREENS is at the root.

    icon: a Material symbol. has_stream: it speaks about one stream, with that stream's filters. window: `window` for a
    short one that ends now, `period` for a long one to look back on, empty for none. is_of_one: it speaks about one
    item, which no filter narrows. is_hidden: not in the navigation, reached by links. is_for_demo: only where the
    demo's company is watched.
    """

    name: str
    title: str
    icon: str
    has_stream: bool = True
    window: str = ""
    is_of_one: bool = False
    is_hidden: bool = False
    is_for_demo: bool = False

    @property
    def file(self) -> Path:
        """The script."""
        return FOLDER / f"{self.name}.py"

    @property
    def path(self) -> str:
        """Its address below the root; empty for the first."""
        return "" if self is SCREENS[0] else self.name.replace("_", "-")


SCREENS: tuple[Screen, ...] = (
    Screen("live_flow", "Live flow", "water", window="window"),
    Screen("stuck", "Stuck", "report"),
    Screen("bottlenecks", "Bottlenecks", "hourglass", window="period"),
    Screen("decisions", "Decisions", "gavel", window="period"),
    Screen("stream", "Stream", "account_tree", window="period"),
    Screen("item", "Item", "search", is_of_one=True, is_hidden=True),
    Screen("explore", "Explore & export", "table_view"),
    Screen("data_health", "Data health", "monitor_heart", has_stream=False),
    Screen("demo", "Demo", "science", has_stream=False, is_for_demo=True),
)


def screen(name: str) -> Screen:
    """The page of that name; KeyError where there is none."""
    for each in SCREENS:
        if each.name == name:
            return each
    raise KeyError(name)


def has_screen(name: str) -> bool:
    """Whether there is a page of that name."""
    return any(each.name == name for each in SCREENS)
