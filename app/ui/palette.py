"""The colours of charts: ink, lanes, reasons to wait, zones of age. One set for light pages, one for dark ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """What charts are drawn with. zones: up to p50, p50 to p85, p85 to p95, beyond."""

    ink: str
    quiet: str
    grid: str
    ground: str
    span: str
    dot: str
    limit: str
    faint: str
    done: str
    better: str
    worse: str
    zones: tuple[str, str, str, str]
    no_zone: str
    lanes: tuple[str, ...]
    waits: Mapping[str, str]
    is_dark: bool = False

    def lane(self, lanes: Sequence[str], lane: str) -> str:
        """The colour of a lane among all lanes of a stream; those beyond the last colour share one."""
        return self.lanes[min(list(lanes).index(lane), len(self.lanes) - 1)]

    def wait(self, wait: str) -> str:
        """The colour of a reason to wait; one that is not known is as faint as silence."""
        return self.waits.get(wait, self.waits["silent"])


# Okabe and Ito's colours, which colour-blind people tell apart; the last stands for every further lane.
_LIGHT_LANES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C6BB1", "#6B7280")
_DARK_LANES = ("#4DA3DC", "#F0B23C", "#2FBF93", "#DF98BF", "#86CCF2", "#F08042", "#AE93CF", "#98A2AD")
# Blue is work, amber waits for people, rust is failing, violet waits for machines of others, grey is time itself.
_LIGHT_WAITS = {
    "decision open": "#E69F00",
    "message open": "#F3CB72",
    "step running": "#0072B2",
    "step open": "#3D94C9",
    "step queued": "#8CC4E6",
    "worker turn queued": "#C3DFF0",
    "step queued, no worker": "#7A4E9E",
    "step retrying": "#D55E00",
    "worker turn failing": "#8F2F0C",
    "Nexus operation": "#B79AD3",
    "child running": "#009E73",
    "timer": "#8A94A0",
    "delayed start": "#B7BFC8",
    "paused": "#3F4854",
    "not sampled": "#D5D9DE",
    "silent": "#D5D9DE",
}
_DARK_WAITS = _LIGHT_WAITS | {
    "step running": "#2F8DCB",
    "worker turn queued": "#4A6B82",
    "worker turn failing": "#C2552B",
    "paused": "#C4CBD3",
    "not sampled": "#4A525C",
    "silent": "#4A525C",
}
LIGHT = Palette(
    ink="#1B2530",
    quiet="#52606D",
    grid="rgba(27,37,48,.10)",
    ground="#FFFFFF",
    span="#8E9BA8",
    dot="#0072B2",
    limit="#B3500F",
    faint="#A3AEB9",
    done="#CDD4DC",
    better="#0072B2",
    worse="#B3500F",
    zones=("#EAF1F7", "#FAEBC0", "#F5C988", "#E3A27B"),
    no_zone="#F1F3F5",
    lanes=_LIGHT_LANES,
    waits=_LIGHT_WAITS,
)
DARK = Palette(
    ink="#E6EBF0",
    quiet="#A7B0BA",
    grid="rgba(230,235,240,.12)",
    ground="#12161B",
    span="#76828E",
    dot="#5AB0F0",
    limit="#F08A48",
    faint="#6C7783",
    done="#3A444F",
    better="#5AB0F0",
    worse="#F08A48",
    zones=("#1C2833", "#423A1E", "#5E431B", "#6E3418"),
    no_zone="#20262D",
    lanes=_DARK_LANES,
    waits=_DARK_WAITS,
    is_dark=True,
)


def palette(is_dark: bool) -> Palette:
    """The colours for a dark or a light page."""
    return DARK if is_dark else LIGHT


def ink_on(fill: str) -> str:
    """Black or white, whichever is better read on a fill written as #RRGGBB."""
    red, green, blue = (int(fill[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#FFFFFF" if luminance < 0.19 else "#111820"
