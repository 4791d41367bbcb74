"""How the browser tests and the pictures visit each page: one line for each thing to look at.

Every page of app/screens.py has at least one line. Tests look at each wide and light, and on a phone and dark; the
pictures are taken both ways of both.
"""

from dataclasses import dataclass

from app.screens import screen

AS_OF = "as_of=2026-03-02T12:00:00Z"
# What changed from the first half of that hour to the second.
HALVES = "against=windows&first=2026-03-02T11:00..2026-03-02T11:30&second=2026-03-02T11:30..2026-03-02T12:00"


@dataclass(frozen=True)
class Look:
    """A page at an address. wait: what is there once it is drawn. screen: the page's name in app/screens.py."""

    name: str
    screen: str
    query: str
    wait: str

    @property
    def path(self) -> str:
        """The address below the root."""
        return f"/{screen(self.screen).path}?{self.query}"


STAGES = "[data-stage]:visible, [data-row]:visible"
LOOKS = (
    Look("live-flow", "live_flow", AS_OF, STAGES),
    Look("live-flow-stage", "live_flow", f"{AS_OF}&stage=approval", STAGES),
    Look("live-flow-difference", "live_flow", "as_of=2026-03-02T11:45:00Z&show=Difference&live=false", STAGES),
    Look("stuck", "stuck", AS_OF, ".board .cause"),
    Look("stuck-item", "stuck", f"{AS_OF}&item=stalled-1", ".board .cause"),
    Look("bottlenecks", "bottlenecks", f"{AS_OF}&period=1h&{HALVES}", ".js-plotly-plot .main-svg"),
    Look("bottlenecks-print", "bottlenecks", f"{AS_OF}&period=1h&{HALVES}&print=true", ".js-plotly-plot .main-svg"),
    Look("decisions", "decisions", f"{AS_OF}&period=1h", "[data-figure=coverage]"),
    Look("stream", "stream", f"{AS_OF}&period=1h", STAGES),
    Look("stream-item", "stream", f"{AS_OF}&period=1h&item=request-0003", STAGES),
    Look("item", "item", f"{AS_OF}&live=false&item=whole", ".timeline .bar"),
    Look("item-open", "item", f"{AS_OF}&live=false&item=request-0014", ".timeline .bar"),
    Look("explore", "explore", f"{AS_OF}&live=false", "[data-testid=stDataFrame] canvas"),
    Look(
        "explore-groups",
        "explore",
        f"{AS_OF}&live=false&table=stays&group=stage&measure=duration_seconds&filter=duration_seconds+%3E%3D+1&x=stage&y=p85",
        ".js-plotly-plot .main-svg",
    ),
    Look("data-health", "data_health", "live=false", ".rows table"),
)
