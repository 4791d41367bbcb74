"""Intervals of shares, and of the difference of two."""

from math import sqrt

Z = 1.959963984540054  # 95 %, two-sided


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of a share (E. B. Wilson, JASA 22, 1927). (0, 1) where there is nothing."""
    if n == 0:
        return 0.0, 1.0
    p, z2 = hits / n, Z * Z
    middle, half = p + z2 / (2 * n), Z * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, (middle - half) / (1 + z2 / n)), min(1.0, (middle + half) / (1 + z2 / n))


def newcombe(hits: int, n: int, other_hits: int, other_n: int) -> tuple[float, float]:
    """The 95 % interval of the difference of two independent shares: the hybrid score interval without continuity
    correction, method 10 of R. G. Newcombe, Statistics in Medicine 17 (1998), 873-890. Needs both n above 0."""
    p, q = hits / n, other_hits / other_n
    (low, high), (other_low, other_high) = wilson(hits, n), wilson(other_hits, other_n)
    below = sqrt((p - low) ** 2 + (other_high - q) ** 2)
    above = sqrt((high - p) ** 2 + (q - other_low) ** 2)
    return p - q - below, p - q + above
