"""Market values a strategy is handed: Bar, Tick, Quote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_ns(ns: int, zone: tzinfo) -> datetime:
    """An aware datetime from nanoseconds since the epoch, to the microsecond."""
    return (_EPOCH + timedelta(microseconds=ns // 1000)).astimezone(zone)


@dataclass(frozen=True, slots=True)
class Series:
    """What a run of bars, ticks or quotes is of.

    Attributes:
        symbol: Ticker, as the data provider spells it.
        interval: "1m", "5m", "1d"; empty for ticks and quotes.
        zone: The exchange's time zone.
    """

    symbol: str
    interval: str
    zone: tzinfo


class Bar(NamedTuple):
    """One bar: stamped at its open, known at its close.

    Attributes:
        series: Symbol, interval and zone.
        ts: Open of the bar, nanoseconds UTC.
        open: First price.
        high: Highest price.
        low: Lowest price.
        close: Last price.
        volume: Units traded; 0 nothing traded, NaN unknown.
        available_ns: When the bar became known, nanoseconds UTC.
    """

    series: Series
    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    available_ns: int

    @property
    def symbol(self) -> str:
        """Ticker."""
        return self.series.symbol

    @property
    def interval(self) -> str:
        """Length of the bar as written in the config."""
        return self.series.interval

    @property
    def timestamp(self) -> datetime:
        """Open of the bar, in the exchange's zone."""
        return from_ns(self.ts, self.series.zone)

    @property
    def available_at(self) -> datetime:
        """When the bar became known, in the exchange's zone."""
        return from_ns(self.available_ns, self.series.zone)


class Tick(NamedTuple):
    """One trade.

    Attributes:
        series: Symbol and zone.
        ts: When it was reported, nanoseconds UTC.
        price: Price.
        size: Units traded.
    """

    series: Series
    ts: int
    price: float
    size: float

    @property
    def symbol(self) -> str:
        """Ticker."""
        return self.series.symbol

    @property
    def timestamp(self) -> datetime:
        """When it was reported, in the exchange's zone."""
        return from_ns(self.ts, self.series.zone)


class Quote(NamedTuple):
    """Best bid and offer; NaN where a side is not quoted.

    Attributes:
        series: Symbol and zone.
        ts: When it was reported, nanoseconds UTC.
        bid: Best bid price.
        ask: Best offer price.
        bid_size: Units bid.
        ask_size: Units offered.
    """

    series: Series
    ts: int
    bid: float
    ask: float
    bid_size: float
    ask_size: float

    @property
    def symbol(self) -> str:
        """Ticker."""
        return self.series.symbol

    @property
    def timestamp(self) -> datetime:
        """When it was reported, in the exchange's zone."""
        return from_ns(self.ts, self.series.zone)
