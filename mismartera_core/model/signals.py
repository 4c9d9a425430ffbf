"""What a SignalStrategy returns: columns of wishes, one row a bar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mismartera_core.model.columns import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """The position wanted after each bar.

    Row i may depend on bars up to and including i only. A change of the target is traded at the
    open of the next bar; where nothing changes, nothing is traded.

    Attributes:
        target: Units wanted, negative for short, NaN for "leave as it is".
        stop_loss: Stop price protecting a position opened by this row; NaN for none.
        take_profit: Limit price closing a position opened by this row; NaN for none.
    """

    target: FloatArray
    stop_loss: FloatArray | None = None
    take_profit: FloatArray | None = None

    @classmethod
    def from_entries(
        cls, entries: BoolArray, exits: BoolArray, quantity: float, *, short: bool = False
    ) -> Signals:
        """Signals in the shape vectorbt users know.

        Args:
            entries: Where to open; wins over an exit on the same row.
            exits: Where to go flat.
            quantity: Units of a position.
            short: Open short instead of long.
        """
        opens, flats = np.asarray(entries, dtype=np.bool_), np.asarray(exits, dtype=np.bool_)
        # Multiplied, as np.where and a look-up make arrays on the way, whose memory costs more.
        target: FloatArray = np.multiply(opens, -quantity if short else quantity, dtype=np.float64)
        if short:
            target += 0.0  # -0.0 becomes 0.0
        silent = ~(opens | flats)
        if silent.any():
            target[silent] = np.nan
        return cls(target)
