"""Bar intervals as users write them ("1m", "5m", "1h", "1d") and in nanoseconds."""

from __future__ import annotations

import re
from functools import cache

from mismartera_core.errors import ConfigError

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}


@cache
def interval_ns(interval: str) -> int:
    """The length of a bar interval.

    Args:
        interval: A count and a unit: "30s", "1m", "5m", "1h", "1d". A day is one session.

    Returns:
        Nanoseconds; for "1d" a calendar day, although the bar ends with its session.

    Raises:
        ConfigError: The text is no interval, or counts more than one day.
    """
    match = re.fullmatch(r"([1-9][0-9]*)([smhd])", interval)
    if match is None or (match[2] == "d" and match[1] != "1"):
        raise ConfigError(
            f"expected an interval such as '1m', '5m', '1h' or '1d', was {interval!r}"
        )
    return int(match[1]) * _UNITS[match[2]]


def is_daily(interval: str) -> bool:
    """Whether a bar of this interval spans a whole session."""
    return interval_ns(interval) >= DAY
