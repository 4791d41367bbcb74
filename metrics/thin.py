"""Leaving out what the numbers do not carry, and saying why."""

from collections.abc import Sequence

from metrics.survival import PERCENTILES

Row = dict[str, object]
NOTHING_SEEN = "none was there in the window"


def honest(row: Row) -> Row:
    """The row with `thin` and `not_reached` filled in, and without the percentiles that they speak of.

    A percentile that the curve does not come down to is named in not_reached; one that rests on too few exits (2 for
    p50, 7 for p85, 20 for p95) in thin. Expects exits, inside, completed and the columns of the percentiles.
    """
    exits, inside, completed = (_count(row, name) for name in ("exits", "inside", "completed"))
    high = [percent for percent in PERCENTILES if row[f"p{percent}_seconds"] is None]
    few = [percent for percent, needed in PERCENTILES.items() if percent not in high and exits < needed]
    kept = dict(row)
    for percent in (*high, *few):
        kept |= dict.fromkeys((f"p{percent}_seconds", f"p{percent}_low_seconds", f"p{percent}_high_seconds"))
    for percent, needed in PERCENTILES.items():
        if completed < needed:
            kept[f"completed_p{percent}_seconds"] = None
    was_seen = bool(exits or inside or _count(row, "lost"))
    kept["not_reached"] = ", ".join(f"p{percent}" for percent in high) if high and was_seen else None
    kept["thin"] = too_few(exits, few) if was_seen else NOTHING_SEEN
    return kept


def too_few(exits: int, few: Sequence[int]) -> str | None:
    """Why these percentiles are not told; None where there are none."""
    if not few:
        return None
    needs = ", ".join(f"p{percent} needs {PERCENTILES[percent]}" for percent in few)
    return f"{exits} exit{'' if exits == 1 else 's'}: {needs}"


def _count(row: Row, name: str) -> int:
    value = row[name]
    return value if isinstance(value, int) else 0
