"""Market values a strategy is handed: Bar, Tick, Quote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import repeat
from typing import Any, NamedTuple, NoReturn

from mismartera_core.model.columns import BAR_FIELDS, BarColumns

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


class BarRows:
    """Bars in a row: a memoryview of the column of each field that somebody has asked for.

    Taking a number out of one costs as much as making a list of all of them and taking it there
    (17 ns), but only for the bars that somebody looks at.

    Args:
        series: Symbol, interval and zone.
        columns: The columns.
        start: First row.
        stop: Row after the last.
    """

    __slots__ = ("_columns", "_rows", "series", *(f for f in BAR_FIELDS if f != "session"))

    def __init__(self, series: Series, columns: BarColumns, start: int, stop: int) -> None:
        self.series = series
        self._columns = columns
        self._rows = slice(start, stop)

    def __len__(self) -> int:
        return self._rows.stop - self._rows.start

    def __getitem__(self, row: int) -> Bar:
        return tuple.__new__(Bar, (self, row))

    def __iter__(self) -> Iterator[Bar]:
        """Bars made at the speed of C, each when it is asked for."""
        return map(tuple.__new__, repeat(Bar), zip(repeat(self), range(len(self)), strict=False))

    def __getattr__(self, field: str) -> Any:
        if field not in BAR_FIELDS:
            raise AttributeError(field)
        values = memoryview(getattr(self._columns, field)[self._rows])
        setattr(self, field, values)
        return values


class _Place(NamedTuple):
    """What a bar is made of."""

    rows: BarRows
    row: int


class Bar(tuple):  # type: ignore[type-arg]
    """One bar: stamped at its open, known at its close.

    A bar is a row of columns: what nobody asks for is never made. Two bars with equal values are
    equal.

    Args:
        series: Symbol, interval and zone.
        ts: Open of the bar, nanoseconds UTC.
        open: First price.
        high: Highest price.
        low: Lowest price.
        close: Last price.
        volume: Units traded; 0 nothing traded, NaN unknown.
        available_ns: When the bar became known, nanoseconds UTC.
    """

    __slots__ = ()

    # Read in C and past __getitem__: what else lies in the rows is not known yet.
    _rows: Any = _Place.rows
    _row: Any = _Place.row

    def __new__(
        cls,
        series: Series,
        ts: int,
        open: float,  # noqa: A002 - the field's word
        high: float,
        low: float,
        close: float,
        volume: float,
        available_ns: int,
    ) -> Bar:
        """A bar by itself."""
        prices = ([open], [high], [low], [close], [volume])
        columns = BarColumns.build([ts], *prices, interval_ns=0, available_at=[available_ns])
        return tuple.__new__(cls, (BarRows(series, columns, 0, 1), 0))

    @property
    def series(self) -> Series:
        """Symbol, interval and zone."""
        found: Series = self._rows.series
        return found

    @property
    def ts(self) -> int:
        """Open of the bar, nanoseconds UTC."""
        stamp: int = self._rows.ts[self._row]
        return stamp

    @property
    def open(self) -> float:
        """First price."""
        price: float = self._rows.open[self._row]
        return price

    @property
    def high(self) -> float:
        """Highest price."""
        price: float = self._rows.high[self._row]
        return price

    @property
    def low(self) -> float:
        """Lowest price."""
        price: float = self._rows.low[self._row]
        return price

    @property
    def close(self) -> float:
        """Last price."""
        price: float = self._rows.close[self._row]
        return price

    @property
    def volume(self) -> float:
        """Units traded; 0 nothing traded, NaN unknown."""
        units: float = self._rows.volume[self._row]
        return units

    @property
    def available_ns(self) -> int:
        """When the bar became known, nanoseconds UTC."""
        stamp: int = self._rows.available_at[self._row]
        return stamp

    @property
    def ohlcv(self) -> tuple[float, float, float, float, float]:
        """Open, high, low, close and volume."""
        rows, row = self._rows, self._row
        return (rows.open[row], rows.high[row], rows.low[row], rows.close[row], rows.volume[row])

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

    def __getitem__(self, item: object) -> NoReturn:
        raise TypeError(
            f"a bar has no items, was asked for [{item!r}]: take bar.close, or bar.ohlcv"
        )

    def __iter__(self) -> NoReturn:
        raise TypeError("a bar does not unpack: take bar.ohlcv")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bar) and self._values() == other._values()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._values())

    def __reduce__(self) -> tuple[object, ...]:
        return Bar, self._values()

    def __repr__(self) -> str:
        o, h, l, c, v = self.ohlcv  # noqa: E741 - the field's letters
        what = f"{self.symbol} {self.interval} {self.timestamp.isoformat()}"
        return f"Bar({what}, open={o}, high={h}, low={l}, close={c}, volume={v})"

    def _values(self) -> tuple[object, ...]:
        return (self.series, self.ts, *self.ohlcv, self.available_ns)


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
