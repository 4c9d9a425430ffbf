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
    if not isinstance(made, Signals):
        raise StrategyError(f"{name}.signals: expected Signals, was {type(made).__name__}")
    return Signals(
        _column(made.target, f"{name}.signals: expected {rows} targets", rows),
        *(
            None if prices is None else _column(prices, f"{name}.signals: {text}", rows)
            for text, prices in (
                (f"stop_loss: expected {rows} prices or None", made.stop_loss),
                (f"take_profit: expected {rows} prices or None", made.take_profit),
            )
        ),
    )


def _column(values: object, expected: str, rows: int) -> FloatArray:
    column = np.asarray(values)
    if column.ndim != 1 or len(column) != rows or column.dtype.kind not in "fiub":
        was = (
            f"was {len(column)}" if column.ndim == 1 and len(column) != rows else f"was {values!r}"
        )
        raise StrategyError(f"{expected}, {was}")
    return np.asarray(column, dtype=np.float64)
