"""Survival of stays: Kaplan-Meier with left truncation and right censoring, as SQL.

Source: Kaplan and Meier (1958); left truncation as in Klein and Moeschberger, Survival Analysis, section 4.6; exits by
kind after Aalen and Johansen (1978); variance by Greenwood, limits on the log(-log) scale (Kalbfleisch and Prentice).

Conventions of docs/definitions.md, Statistics: a life is at risk at age u when `begun < u <= ended`; exits come before
censoring at ties; lives of no length that were seen from their beginning count at 0.

Exits at one age are taken one after the other, which comes to the same: of n at risk, d exits one by one give
(n-1)/n * (n-2)/(n-1) * ... = (n-d)/n, and Greenwood's sum telescopes likewise. So one sort does, without grouping.
"""

from collections.abc import Sequence

# Far below one exit among ten million, far above what adding their logarithms loses.
TOLERANCE = 1e-12

# The percentiles that are told, each with the exits it takes: below 1 / (1 - p) it is the largest value seen.
PERCENTILES = {50: 2, 85: 7, 95: 20}

CHANGE = """
change AS (
    SELECT
        {keys}{way},
        ended_micros AS micros,
        2 * ended_micros + CASE WHEN is_exit THEN 0 ELSE 1 END AS place,
        1 AS risk,
        is_exit
    FROM life
    UNION ALL
    SELECT {keys}{no_way}, begun_micros, 2 * begun_micros + 1, -1, false FROM life WHERE begun_micros > 0{marks}
),
-- those from here on are all but those before: sums from the front are an order of magnitude cheaper than from the back
risk AS (
    SELECT
        *,
        CAST(sum(risk) OVER whole - sum(risk) OVER so_far AS BIGINT) + risk AS at_risk
    FROM change
    WINDOW
        so_far AS (PARTITION BY {keys} ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
        whole AS (PARTITION BY {keys} ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
),
factor AS (
    SELECT
        *,
        CASE WHEN is_exit AND at_risk > 1 THEN ln((at_risk - 1) / CAST(at_risk AS DOUBLE)) ELSE 0.0 END AS log_factor,
        CASE WHEN is_exit AND at_risk = 1 THEN 1 ELSE 0 END AS is_last,
        CASE WHEN is_exit AND at_risk > 1 THEN 1.0 / (CAST(at_risk AS DOUBLE) * (at_risk - 1)) ELSE 0.0 END AS greenwood
    FROM risk
),
"""
LIMITED = """
summed AS (
    SELECT
        *,
        sum(log_factor) OVER so_far AS log_survival,
        sum(is_last) OVER so_far AS lasts,
        sum(greenwood) OVER so_far AS variance,
        lead(place) OVER so_far AS next_place
    FROM factor
    WINDOW so_far AS (
        PARTITION BY {keys} ORDER BY place, at_risk DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),
curve AS (
    SELECT
        {keys}{way},
        micros,
        at_risk,
        is_exit,
        log_survival,
        lasts,
        CASE WHEN lasts > 0 THEN 0.0 ELSE exp(log_survival) END AS survival,
        -- what this one exit takes off the curve
        CASE WHEN is_exit AND lasts - is_last = 0 THEN exp(log_survival - log_factor) / at_risk ELSE 0.0 END AS leaves,
        -- the last of those that left at this age: only there is the curve what it is at that age
        is_exit AND (next_place IS NULL OR next_place > place) AS is_step,
        CASE
            WHEN lasts > 0 THEN 0.0
            WHEN log_survival < 0 THEN exp(log_survival * exp(1.959963984540054 * sqrt(variance) / -log_survival))
            ELSE 1.0
        END AS lower,
        -- where nobody is left, nothing limits the curve from above
        CASE
            WHEN lasts > 0 THEN NULL
            WHEN log_survival < 0 THEN exp(log_survival * exp(-1.959963984540054 * sqrt(variance) / -log_survival))
            ELSE 1.0
        END AS upper
    FROM summed
)"""
STEPS = """
summed AS (
    SELECT
        {keys}{way},
        micros,
        is_exit,
        risk = 0 AS is_mark,
        at_risk,
        log_factor,
        is_last,
        sum(log_factor) OVER so_far AS log_survival,
        sum(is_last) OVER so_far AS lasts,
        sum(CASE WHEN risk = 0 THEN 1 ELSE 0 END) OVER so_far AS marks
    FROM factor
    WINDOW so_far AS (
        PARTITION BY {keys} ORDER BY place, at_risk DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),
curve AS (
    SELECT
        {keys}{way},
        micros,
        is_exit,
        is_mark,
        log_survival,
        lasts,
        marks,
        CASE WHEN is_exit AND lasts - is_last = 0 THEN exp(log_survival - log_factor) / at_risk ELSE 0.0 END AS leaves
    FROM summed
)"""

PERCENTILE = """
        min(micros) FILTER (is_exit AND survival <= {left}) / 1e6 AS p{percent}_seconds,
        min(micros) FILTER (is_step AND lower <= {left}) / 1e6 AS p{percent}_low_seconds,
        min(micros) FILTER (is_step AND upper <= {left}) / 1e6 AS p{percent}_high_seconds"""
COMPLETED = """
        percentile_disc({share}) WITHIN GROUP (ORDER BY CASE WHEN is_exit THEN ended_micros END) / 1e6
            AS completed_p{percent}_seconds"""
SUMMARY = """
reached AS (
    SELECT
        {keys},
        min(survival) AS last_share,{percentiles}
    FROM curve
    GROUP BY {keys}
),
counted AS (
    SELECT
        {keys},
        count(*) FILTER (is_exit) AS exits,
        count(*) FILTER (NOT is_exit AND NOT is_lost) AS inside,
        count(*) FILTER (is_lost) AS lost,
        count(*) FILTER (is_exit) AS completed,
        sum(ended_micros - begun_micros) / 1e6 AS total_seconds,
        max(ended_micros) AS longest_micros,{completed}
    FROM life
    GROUP BY {keys}
),
summary AS (
    SELECT
        {counted_keys},
        counted.exits,
        counted.inside,
        counted.lost,
        counted.completed,
        counted.total_seconds,
        counted.longest_micros,
        reached.last_share,
        {columns}
    FROM counted
    JOIN reached ON {same}
)"""

# The columns that `summary` tells, as metrics show them.
FIGURES = (
    *(f"p{percent}{limit}_seconds" for percent in PERCENTILES for limit in ("", "_low", "_high")),
    *(f"completed_p{percent}_seconds" for percent in PERCENTILES),
)


def curve(keys: Sequence[str], way: str = "") -> str:
    """Common tables, `curve` the last, over a common table `life`: one curve for each value of `keys`.

    life: the keys; begun_micros, ended_micros (ages between which the life was seen), is_exit; and, if given, the
    column `way` that says how it ended. curve: one row per exit, per life seen no further (is_exit false) and per
    life first seen at an age (likewise), with survival behind it.
    """
    return _of(LIMITED, keys, way)


def read_off(keys: Sequence[str], way: str, marks: str) -> str:
    """The same, read off at the ages that the table `marks` (the keys, micros) names, and without the limits.

    curve: log_survival instead of survival; one row more per mark (is_mark), behind the exits at that age; and how many
    `marks` of its curve come up to a row, itself included.
    """
    names = ", ".join(keys)
    no_way = ", NULL" if way else ""
    more = f"\n    UNION ALL\n    SELECT {names}{no_way}, micros, 2 * micros + 1, 0, false FROM {marks}"
    return _of(STEPS, keys, way, more)


def _of(finish: str, keys: Sequence[str], way: str, marks: str = "") -> str:
    held = {
        "keys": ", ".join(keys),
        "way": f", {way}" if way else "",
        "no_way": ", NULL" if way else "",
        "marks": marks,
    }
    return (CHANGE.strip() + "\n" + finish.strip()).format(**held)


def summary(keys: Sequence[str]) -> str:
    """Common tables, `summary` the last, over those of `curve` and over `life`, which here has is_lost, too.

    summary: for each value of `keys` the counts, the percentiles with their limits (null where the curve stays above)
    and those of finished lives alone, total_seconds (seen in all), longest_micros (the highest age seen) and
    last_share (where the curve ends).
    """
    reached = (PERCENTILE.format(percent=p, left=(100 - p) / 100 + TOLERANCE) for p in PERCENTILES)
    completed = (COMPLETED.format(percent=p, share=p / 100) for p in PERCENTILES)
    return SUMMARY.format(
        keys=", ".join(keys),
        counted_keys=", ".join(f"counted.{key}" for key in keys),
        same=same("counted", "reached", keys),
        percentiles=",".join(reached),
        completed=",".join(completed),
        columns=",\n        ".join(FIGURES),
    ).strip()


def same(left: str, right: str, keys: Sequence[str]) -> str:
    """The condition under which two common tables speak of the same curve."""
    return " AND ".join(f"{left}.{key} = {right}.{key}" for key in keys)
