"""Arguments of `backtest` and `sweep` that cannot be meant, refused before anything is made."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pandas as pd

from mismartera_core.errors import ConfigError, DataError, did_you_mean
from mismartera_core.model.columns import BarColumns
from mismartera_core.model.intervals import interval_ns, is_daily

_HOURS = ("regular", "extended")
_LEAST = {
    "trailing_days": ("a whole number of days from 0", 0),
    "prefetch_days": ("a whole number of days from 1", 1),
    "flat_by_close": ("a number of minutes from 0", 0),
    "speed_multiplier": ("a number from 0", 0),
}
_ABOVE_ZERO = {"cash": "an amount above zero", "leverage": "a number above zero, or None"}


def refuse_wrong(hours: str, **numbers: Any) -> None:
    """Refuse arguments out of their bounds, which are those of a session config.

    Args:
        hours: "regular" or "extended".
        **numbers: The others by name; None is left out.

    Raises:
        ConfigError: One is out of bounds.
    """
    if hours not in _HOURS:
        raise ConfigError(
            f"hours: expected 'regular' or 'extended', was {hours!r}",
            hint=did_you_mean(str(hours), _HOURS),
        )
    for name, value in numbers.items():
        if value is None:
            continue
        number = _number(value)
        if name in _ABOVE_ZERO:
            words, fits = _ABOVE_ZERO[name], number > 0
        else:
            words, least = _LEAST[name]
            fits = number >= least and not (name.endswith("_days") and number % 1)
        if not fits:
            raise ConfigError(f"{name}: expected {words}, was {value!r}")


def refuse_other_length(columns: Mapping[str, BarColumns], interval: str) -> None:
    """Refuse bars that mostly lie closer together than they are said to be long.

    Raises:
        DataError: They do: each would hold prices of the next.
    """
    looked: set[int] = set()
    for name, bars in columns.items():
        if is_daily(interval) or len(bars) < 2 or id(bars.ts) in looked:
            continue
        looked.add(id(bars.ts))
        apart = int(np.median(np.diff(bars.ts)))
        if apart < interval_ns(interval):
            raise DataError(
                f"{name}: most bars are {pd.Timedelta(apart)} apart, so they are not "
                f"{interval!r} bars",
                hint=f'leave interval out; listen="{interval}" calls the strategy with such bars',
            )


def frames_of(bars: object, symbol: str) -> dict[str, pd.DataFrame]:
    """DataFrames by symbol.

    Raises:
        DataError: They are something else, or none.
    """
    frames: dict[str, Any] = dict(bars) if isinstance(bars, Mapping) else {symbol: bars}
    for frame in frames.values():
        if not isinstance(frame, pd.DataFrame):
            raise DataError(
                f"expected a DataFrame, or DataFrames by symbol, was {type(frame).__name__}"
            )
    if not frames:
        raise DataError("expected at least one symbol with bars, found none")
    return frames


def _number(value: object) -> Decimal:
    """A number, exact; below all bounds where it is none, or not finite."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return Decimal(-1)
    return number if number.is_finite() else Decimal(-1)
