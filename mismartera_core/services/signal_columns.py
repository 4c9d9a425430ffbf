"""What a SignalStrategy returned, held to its contract: columns with a number for each bar."""

from __future__ import annotations

import numpy as np

from mismartera_core.errors import StrategyError
from mismartera_core.model.columns import FloatArray
from mismartera_core.model.signals import Signals


def checked(made: object, name: str, rows: int) -> Signals:
    """The signals as float64 columns.

    Args:
        made: What the strategy returned.
        name: Its class.
        rows: Bars it was given.

    Raises:
        StrategyError: It is no `Signals`, or a column has not one number for each bar.
    """
    who = f"{name}.signals"
    if not isinstance(made, Signals):
        raise StrategyError(
            f"{who}: expected Signals, was {type(made).__name__}",
            hint="return Signals(target), an array with the units wanted after each bar",
        )
    return Signals(
        _column(who, "targets", made.target, rows),
        None if made.stop_loss is None else _column(who, "stop_loss", made.stop_loss, rows),
        None if made.take_profit is None else _column(who, "take_profit", made.take_profit, rows),
    )


def _column(who: str, name: str, given: object, rows: int) -> FloatArray:
    try:
        column: FloatArray = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise StrategyError(f"{who}: expected numbers as {name}: {error}") from error
    if column.shape != (rows,):
        found = len(column) if column.ndim == 1 else f"an array of shape {column.shape}"
        raise StrategyError(f"{who}: expected {rows} {name}, was {found}")
    return column
