"""The hook of the example strategies."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import StrategyReg, hookimpl

_HERE = "strategies_example"


@hookimpl
def mismartera_strategies() -> Iterable[StrategyReg]:
    """One strategy of each kind a day trader meets first."""
    return [
        StrategyReg(
            name="sma_cross",
            factory=f"{_HERE}.sma_cross:SmaCross",
            summary="Long while the fast average is above the slow one",
        ),
        StrategyReg(
            name="opening_range_breakout",
            factory=f"{_HERE}.opening_range:OpeningRangeBreakout",
            summary="Buys the breakout of the first minutes' high, with a stop at their low",
        ),
        StrategyReg(
            name="vwap_reversion",
            factory=f"{_HERE}.vwap_reversion:VwapReversion",
            summary="Fades prices far from the session's VWAP, with a stop",
        ),
        StrategyReg(
            name="cross_sectional",
            factory=f"{_HERE}.cross_sectional:CrossSectional",
            summary="Long the day's strongest symbols, short its weakest",
        ),
        StrategyReg(
            name="ema_signal",
            factory=f"{_HERE}.ema_signal:EmaSignal",
            summary="Long while the fast exponential average is above the slow one, compiled",
        ),
    ]
