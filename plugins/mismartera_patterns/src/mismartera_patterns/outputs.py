"""Names of the arrays that the indicators return. Light: the hook imports it."""

from __future__ import annotations

FIGURES = ("signal", "target", "invalidation", "height", "score", "level")

ZIGZAG = ("signal", "price", "age")

LEVELS = (
    "signal",
    "support",
    "resistance",
    "support_touches",
    "resistance_touches",
    "target",
    "invalidation",
    "score",
)


def of_pattern(points: int) -> tuple[str, ...]:
    """Names of a chart pattern's arrays.

    Args:
        points: How many points it has.

    Returns:
        `FIGURES`, and for each point, by time, its price and its age in bars.
    """
    of_points = (f"p{n}_{what}" for n in range(1, points + 1) for what in ("price", "age"))
    return (*FIGURES, *of_points)
