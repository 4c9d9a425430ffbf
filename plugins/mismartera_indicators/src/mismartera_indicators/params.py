"""Parameters of the indicators: names, bounds and the defaults traders know."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

LONGEST = 10_000

Source: TypeAlias = Literal["open", "high", "low", "close", "volume", "hl2", "hlc3", "ohlc4"]
Bars: TypeAlias = Annotated[int, Field(ge=2, le=LONGEST, description="Bars looked back over")]
Lag: TypeAlias = Annotated[int, Field(ge=1, le=LONGEST, description="Bars between then and now")]
Smoothing: TypeAlias = Annotated[int, Field(ge=1, le=LONGEST, description="Bars averaged over")]


class Params(BaseModel):
    """What every parameter set shares: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Series(Params):
    """Parameters of an indicator that works on one column."""

    source: Source = Field("close", description="Column it is computed from")


class Average(Series):
    """A moving average or a rolling extreme over 20 bars."""

    period: Bars = 20


class AdaptiveAverage(Series):
    """Kaufman's average over 10 bars."""

    period: Bars = 10


class Macd(Series):
    """Two averages and the average of their difference."""

    fast: Bars = 12
    slow: Bars = 26
    signal: Smoothing = 9

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.fast >= self.slow:
            raise ValueError(f"expected fast < slow, was fast={self.fast}, slow={self.slow}")
        return self


class Rsi(Series):
    """Relative strength over 14 bars."""

    period: Bars = 14


class Change(Series):
    """A change against 10 bars before."""

    period: Lag = 10


class Bands(Series):
    """A band around an average of 20 bars."""

    period: Bars = 20
    deviations: float = Field(2.0, gt=0, le=100, description="Half width in standard deviations")


class Spread(Series):
    """A standard deviation over 20 bars."""

    period: Bars = 20


class Period14(Params):
    """Bars looked back over, of an indicator of whole bars."""

    period: Bars = 14


class Period20(Params):
    """Bars looked back over, of an indicator of whole bars."""

    period: Bars = 20


class Stochastic(Params):
    """Lookback and the smoothing of the two lines."""

    period: Bars = 14
    k_smoothing: Smoothing = 3
    d_smoothing: Smoothing = 3


class Vwap(Params):
    """The price that is weighted, and the width of the band."""

    source: Source = Field("hlc3", description="Price of a bar")
    deviations: float = Field(1.0, gt=0, le=100, description="Half width in standard deviations")


class OpeningRange(Params):
    """How long the range is measured."""

    minutes: int = Field(30, ge=1, le=1440, description="Minutes from the start of the session")
