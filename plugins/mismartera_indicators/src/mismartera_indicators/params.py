"""Parameters of the indicators: names, bounds and the defaults traders know."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

LONGEST = 10_000

Source: TypeAlias = Literal["open", "high", "low", "close", "volume", "hl2", "hlc3", "ohlc4"]
AverageName: TypeAlias = Literal[
    "sma", "ema", "wma", "dema", "tema", "trima", "kama", "t3", "rma", "hma", "zlema"
]
Bars: TypeAlias = Annotated[int, Field(ge=2, le=LONGEST, description="Bars looked back over")]
Lag: TypeAlias = Annotated[int, Field(ge=1, le=LONGEST, description="Bars between then and now")]
Smoothing: TypeAlias = Annotated[int, Field(ge=1, le=LONGEST, description="Bars averaged over")]
Sessions: TypeAlias = Annotated[int, Field(ge=1, le=1_000, description="Sessions looked back over")]
Multiple: TypeAlias = Annotated[
    float, Field(gt=0, le=100, description="Half width in average true ranges")
]
Deviations: TypeAlias = Annotated[
    float, Field(gt=0, le=100, description="Half width in standard deviations")
]
Share: TypeAlias = Annotated[float, Field(ge=0.01, le=0.99)]
AverageKind: TypeAlias = Annotated[AverageName, Field(description="Kind of moving average")]


class Params(BaseModel):
    """What every parameter set shares: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ascending: ClassVar[tuple[str, ...]] = ()
    """Fields that must grow from each to the next."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        values = [getattr(self, name) for name in self.ascending]
        if any(a >= b for a, b in pairwise(values)):
            found = ", ".join(f"{name}={getattr(self, name)}" for name in self.ascending)
            raise ValueError(f"expected {' < '.join(self.ascending)}, was {found}")
        return self


class Series(Params):
    """Parameters of an indicator that works on one column."""

    source: Source = Field("close", description="Column it is computed from")


class SeriesPeriod5(Series):
    """Five bars of one column."""

    period: Bars = 5


class SeriesPeriod10(Series):
    """Ten bars of one column."""

    period: Bars = 10


class SeriesPeriod14(Series):
    """Fourteen bars of one column."""

    period: Bars = 14


class SeriesPeriod20(Series):
    """Twenty bars of one column."""

    period: Bars = 20


class SeriesPeriod28(Series):
    """Twenty-eight bars of one column."""

    period: Bars = 28


class SeriesPeriod100(Series):
    """A hundred bars of one column."""

    period: Bars = 100


class Trix(Series):
    """A triple average of 15 bars."""

    period: Smoothing = 15


class Change(Series):
    """A change against 10 bars before."""

    period: Lag = 10


class ChosenAverage(Series):
    """A moving average whose kind is chosen."""

    period: Bars = 20
    average: AverageKind = "sma"


class Mama(Series):
    """How fast and how slow the average may become."""

    fast_limit: Share = Field(0.5, description="Largest share of the newest value")
    slow_limit: Share = Field(0.05, description="Smallest share of the newest value")


class T3(Series):
    """Period and volume factor."""

    period: Bars = 5
    volume_factor: float = Field(0.7, ge=0, le=1, description="0 is an average, 1 overshoots most")


class Alma(Series):
    """Where the weights are largest, and how sharply they fall."""

    period: Bars = 9
    offset: float = Field(0.85, ge=0, le=1, description="0 oldest, 1 newest weighs most")
    sigma: float = Field(6.0, gt=0, le=100, description="Sharpness: larger is narrower")


class Vidya(Series):
    """Two deviations and the smoothing of an average."""

    ascending = ("fast", "slow")

    fast: Bars = 9
    slow: Bars = 30
    alpha: float = Field(0.2, gt=0, le=1, description="Share of the newest value at ratio 1")


class Macd(Series):
    """Two averages and the average of their difference."""

    ascending = ("fast", "slow")

    fast: Bars = 12
    slow: Bars = 26
    signal: Smoothing = 9


class MacdFixed(Series):
    """The average of the difference."""

    signal: Smoothing = 9


class MacdExtended(Macd):
    """Two averages and that of their difference, each of a kind that is chosen."""

    fast_average: AverageKind = "sma"
    slow_average: AverageKind = "sma"
    signal_average: AverageKind = "sma"


class Oscillator(Series):
    """Two averages of one column."""

    ascending = ("fast", "slow")

    fast: Bars = 12
    slow: Bars = 26
    average: AverageKind = "ema"


class VolumeOscillator(Params):
    """Two averages of the volume."""

    ascending = ("fast", "slow")

    fast: Bars = 12
    slow: Bars = 26
    average: AverageKind = "ema"


class Coppock(Series):
    """Two rates of change and the weighted average of their sum."""

    short: Lag = 11
    long: Lag = 14
    smoothing: Smoothing = 10


class Tsi(Series):
    """Two averages, one of the other."""

    first: Bars = 25
    second: Bars = 13


class StochRsi(Series):
    """Bars of the index, of its extremes, and the smoothing."""

    period: Bars = 14
    k_period: Bars = 14
    d_smoothing: Smoothing = 3


class Schaff(Series):
    """Two averages, and the bars of the two oscillators of their difference."""

    ascending = ("fast", "slow")

    fast: Bars = 23
    slow: Bars = 50
    period: Bars = 10
    smoothing: Smoothing = 3


class RelativeVolatility(Series):
    """Bars of the average and of the deviation."""

    period: Bars = 14
    deviation_period: Bars = 10


class Bands(Series):
    """A band around an average of 20 bars."""

    period: Bars = 20
    deviations: Deviations = 2.0
    average: AverageKind = "sma"


class Percentile(Series):
    """Which share of the last 30 values lies below."""

    period: Bars = 30
    percentile: float = Field(50.0, ge=0, le=100, description="Percent of the values")


class HistoricalVolatility(Series):
    """Bars looked back over and bars in a year."""

    period: Bars = 20
    bars_per_year: int = Field(252, ge=1, le=10_000_000, description="252 for daily bars")


class TwoSeries(Params):
    """Two columns of the bars."""

    source: Source = Field("close", description="First column")
    other: Source = Field("volume", description="Second column")


class TwoSeriesPeriod5(TwoSeries):
    """Five bars of two columns."""

    period: Bars = 5


class TwoSeriesPeriod30(TwoSeries):
    """Thirty bars of two columns."""

    period: Bars = 30


class Keltner(Series):
    """A band of true ranges around an average."""

    period: Bars = 20
    atr_period: Bars = 10
    multiple: Multiple = 2.0


class AtrBands(Series):
    """A band of true ranges around a price."""

    period: Bars = 14
    multiple: Multiple = 2.0


class Squeeze(Series):
    """Two bands of the same bars."""

    period: Bars = 20
    deviations: Deviations = 2.0
    multiple: Multiple = 1.5
