"""The circuit breaker on short sales of US stocks, as bars show it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from mismartera_core.model.columns import BarColumns

FALL = 0.9
"""Share of the last close before it, at or below which a day's price restricts short sales."""
DAYS = 2
"""Sessions for which it does: the one that falls, and the one after it."""
ZONE = "America/New_York"
"""Where the rule holds."""


def short_restricted(bars: BarColumns) -> bool:
    """Whether short sales must be above the bid (Rule 201, 17 CFR 242.201(b)(1)).

    It is so for the rest of a day on which a price was ten per cent or more below the last close
    of the day before, and for the day after.

    Args:
        bars: What is known of a symbol: earlier sessions and this one up to now. With extended
            hours the last price of a session stands for its regular close.

    Returns:
        What the bars show; False where they do not go back to the close of the day before.
    """
    firsts = np.flatnonzero(np.diff(bars.session)) + 1
    bounds = [*firsts[-DAYS:].tolist(), len(bars)]
    return any(
        bars.low[start:end].min() <= FALL * bars.close[start - 1] for start, end in pairwise(bounds)
    )
