"""Indicators: causal pure functions of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from mismartera_core.model.columns import BarColumns, IndicatorOutputs


class IndicatorFunction(Protocol):
    """Computes named arrays from bars.

    Row i of every output depends on rows <= i of the bars only, and computing on a prefix of the
    bars gives the same values bit for bit; NaN where the indicator has not warmed up. The arrays
    are float64 and as long as the bars; the bars are not written to.

    Registered with `ticks=True` it is called `compute(bars, ticks, **params)`: TickColumns of the
    symbol, ascending, those of the newest session that are known so far, which may be later than
    the last bar. Row i depends on trades with ts < available_at[i] only (a trade at the close
    belongs to the next bar); rows of earlier sessions have no trades.
    """

    def __call__(self, bars: BarColumns, **params: Any) -> IndicatorOutputs:
        """One array per output named in the registration."""
