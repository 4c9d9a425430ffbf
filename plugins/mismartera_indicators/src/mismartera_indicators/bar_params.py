"""Parameters of indicators that work on whole bars."""

from __future__ import annotations

from pydantic import Field

from mismartera_indicators.params import Bars, Lag, Multiple, Params, Smoothing


class Period10(Params):
    """Bars looked back over, of an indicator of whole bars."""

    period: Bars = 10


class Period13(Params):
    """Bars looked back over, of an indicator of whole bars."""

    period: Bars = 13


class Period14(Params):
    """Bars looked back over, of an indicator of whole bars."""

    period: Bars = 14


class Period20(Params):
    """Bars looked back over, of an indicator of whole bars."""

    period: Bars = 20


class FastSlow5And34(Params):
    """Two averages."""

    ascending = ("fast", "slow")

    fast: Bars = 5
    slow: Bars = 34


class Accelerator(FastSlow5And34):
    """Two averages, and that of their difference."""

    signal: Bars = 5


class ChaikinOscillator(Params):
    """Two averages."""

    ascending = ("fast", "slow")

    fast: Bars = 3
    slow: Bars = 10


class Klinger(Params):
    """Two averages, and that of their difference."""

    ascending = ("fast", "slow")

    fast: Bars = 34
    slow: Bars = 55
    signal: Smoothing = 13


class EaseOfMovement(Params):
    """Bars averaged over, and what the value is multiplied by."""

    period: Bars = 14
    scale: float = Field(1e8, gt=0, le=1e12, description="Factor, so that it can be read")


class ChaikinVolatility(Params):
    """Bars averaged over, and bars between then and now."""

    period: Bars = 10
    change: Lag = 10


class MassIndex(Params):
    """Bars of the averages and of the sum."""

    fast: Bars = 9
    slow: Bars = 25


class Stochastic(Params):
    """Lookback and the smoothing of the two lines."""

    period: Bars = 14
    k_smoothing: Smoothing = 3
    d_smoothing: Smoothing = 3


class FastStochastic(Params):
    """Lookback and the smoothing of the second line."""

    period: Bars = 14
    d_smoothing: Smoothing = 3


class Kdj(Stochastic):
    """Lookback and the smoothing of the two lines."""

    period: Bars = 9


class StochasticMomentum(Params):
    """Lookback, two averages one of the other, and the signal."""

    period: Bars = 13
    slow: Bars = 25
    fast: Bars = 2
    signal: Bars = 9


class Ultimate(Params):
    """Three lookbacks."""

    ascending = ("short", "medium", "long")

    short: Bars = 7
    medium: Bars = 14
    long: Bars = 28


class Fractal(Params):
    """Bars that must lie lower (or higher) on either side."""

    left: int = Field(2, ge=1, le=100, description="Bars before the turning point")
    right: int = Field(2, ge=1, le=100, description="Bars after it, which must be waited for")


class Sar(Params):
    """How fast the stop follows."""

    acceleration: float = Field(0.02, gt=0, le=1, description="First and further share")
    maximum: float = Field(0.2, gt=0, le=1, description="Largest share")


class SarExtended(Params):
    """How fast the stop follows, apart for both directions."""

    start: float = Field(0.0, description="First stop: above 0 long, below 0 short, 0 by itself")
    offset: float = Field(0.0, ge=0, le=1, description="Share the stop moves away at a turn")
    initial_long: float = Field(0.02, gt=0, le=1, description="First share, long")
    step_long: float = Field(0.02, gt=0, le=1, description="Further share, long")
    maximum_long: float = Field(0.2, gt=0, le=1, description="Largest share, long")
    initial_short: float = Field(0.02, gt=0, le=1, description="First share, short")
    step_short: float = Field(0.02, gt=0, le=1, description="Further share, short")
    maximum_short: float = Field(0.2, gt=0, le=1, description="Largest share, short")


class Supertrend(Params):
    """A band of true ranges that is not let back."""

    period: Bars = 10
    multiple: Multiple = 3.0


class Chandelier(Params):
    """A stop so many true ranges from the extreme."""

    period: Bars = 22
    multiple: Multiple = 3.0


class Ichimoku(Params):
    """Three lookbacks and how far the cloud lies ahead."""

    ascending = ("conversion", "base", "span")

    conversion: Bars = 9
    base: Bars = 26
    span: Bars = 52
    displacement: Lag = 26


class Penetration30(Params):
    """How deep the last bar must close within the first."""

    penetration: float = Field(0.3, ge=0, le=1, description="Share of the first body")


class Penetration50(Params):
    """How deep the last bar must close within the first."""

    penetration: float = Field(0.5, ge=0, le=1, description="Share of the first body")
