"""Colours, the heat scale and Streamlit's settings: the one place that says how the pages look."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HeatStep:
    """One step of the heat scale: shares up to and including `most`, and the colours of cards in it."""

    most: float
    label: str
    light: tuple[str, str]  # Fill and ink.
    dark: tuple[str, str]


# Share of items over their stage's target. Fixed, so that today compares with yesterday and one stream with another.
# Lightness moves one way only, so the order survives greyscale and colour blindness; every ink passes WCAG AA.
HEAT: tuple[HeatStep, ...] = (
    HeatStep(0.0, "none", ("#EEF3F8", "#18222D"), ("#1D2833", "#E3EAF1")),
    HeatStep(0.1, "to 10 %", ("#D9E7F3", "#18222D"), ("#24405C", "#E8F0F7")),
    HeatStep(0.25, "to 25 %", ("#F4DC97", "#2A1F05"), ("#55471F", "#FBF2DA")),
    HeatStep(0.5, "to 50 %", ("#EFB45C", "#2A1804"), ("#835414", "#FFF6E6")),
    HeatStep(0.75, "to 75 %", ("#BC560F", "#FFFFFF"), ("#D98032", "#1B0E02")),
    HeatStep(1.0, "to 100 %", ("#8F2F0C", "#FFFFFF"), ("#FFB380", "#2B1202")),
)


def heat_step(share: float | None) -> int | None:
    """Index of the step a share (0 to 1) lies in; None without a share. The first step is exactly none."""
    if share is None:
        return None
    return next((index for index, step in enumerate(HEAT) if share <= step.most), len(HEAT) - 1)


def _heat_css() -> str:
    lines = []
    for index, step in enumerate(HEAT):
        for prefix, (fill, ink) in (("", step.light), (".dark ", step.dark)):
            lines.append(f"{prefix}.heat-{index}{{--fill:{fill};--ink:{ink}}}")
    return "\n".join(lines)


# Variables every component of ours may use; `.dark` is set by the component from the page's background.
CSS = f"""
:host, .sg {{
  --ink: var(--st-text-color); --ground: var(--st-background-color); --accent: var(--st-primary-color);
  --quiet: color-mix(in srgb, var(--st-text-color) 68%, var(--st-background-color));
  --hair: color-mix(in srgb, var(--st-text-color) 14%, transparent);
  --band: color-mix(in srgb, var(--st-text-color) 3.5%, var(--st-background-color));
  --move: color-mix(in srgb, var(--st-text-color) 42%, var(--st-background-color));
  --rework: #A23B7E; --undrawn: #9A5B00; --late: #8B1A1A; --late-ink: #FFFFFF;
  --good: #0B7A5B; --watch: #8A5A00; --bad: #A3201F;
}}
.dark {{
  --rework: #E48CC4; --undrawn: #FFB84D; --late: #FF8A7A; --late-ink: #2A0705;
  --good: #58C9A4; --watch: #E9B44C; --bad: #FF8A7A;
}}
{_heat_css()}
"""

# For what is no component of ours and cannot read the variables: by whether the page is dark.
GROUND = {False: "#FFFFFF", True: "#12161B"}
INK = {False: "#1B2530", True: "#E6EBF0"}
QUIET = {False: "#5A636C", True: "#A2A9B0"}
HAIR = {False: "#DFE2E4", True: "#2D333A"}
# Eight colours that stay apart for colour-blind eyes (after Okabe and Ito), dark enough to be seen on either ground.
CATEGORIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#6B7280", "#8C6BB1")
# From nothing to most, for shares and counts on a surface.
SEQUENCE = {
    is_dark: tuple(
        (index / (len(HEAT) - 1), (step.dark if is_dark else step.light)[0]) for index, step in enumerate(HEAT)
    )
    for is_dark in (False, True)
}

STREAMLIT_OPTIONS: dict[str, object] = {
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "viewer",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.disableDataExport": True,  # Its CSV writes formulas as they are; our own exports make them inert.
    # Python collects garbage by itself; to look at everything after every run of every viewer cost more than the run.
    "runner.postScriptGC": False,
    "server.disconnectedSessionTTL": 3600,  # A phone that slept comes back to the page it left.
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxCacheDataSize": "500mb",
    "theme.baseFontSize": 14,
    "theme.baseRadius": "small",
    "theme.headingFontSizes": ["1.5rem", "1.2rem", "1.05rem"],
    "theme.headingFontWeights": [650, 600, 600],
    "theme.linkUnderline": True,
    "theme.paddingTop": "0.5rem",
    "theme.paddingBottom": "2rem",
    "theme.chartCategoricalColors": list(CATEGORIES),
    "theme.light.primaryColor": "#0B5CAD",
    "theme.light.redColor": "#B42318",
    "theme.light.greenColor": "#0B7A5B",
    "theme.light.textColor": INK[False],
    "theme.dark.primaryColor": "#5AA9F0",
    "theme.dark.backgroundColor": GROUND[True],
    "theme.dark.secondaryBackgroundColor": "#1B2128",
    "theme.dark.textColor": INK[True],
}
"""What Streamlit must be told before it starts: `streamlit.config.set_option(name, value)` for each."""
