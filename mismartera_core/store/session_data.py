"""SessionData: the bars of the session that is being replayed, visible up to the clock."""

from __future__ import annotations

import math
import operator
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Any

import numpy as np
import pandas as pd

from mismartera_core.contracts.clock import Clock
from mismartera_core.errors import DataError, did_you_mean
from mismartera_core.model.columns import (
    BAR_FIELDS,
    PRICE_FIELDS,
    BarColumns,
    FloatArray,
    IntArray,
    QuoteColumns,
)
from mismartera_core.model.market import Bar, Series
from mismartera_core.store.frame import Frame, Track, known_rows
from mismartera_core.store.lists import Bars, bars_of


class SessionData:
    """Tracks of all symbols and intervals, and the base bars as lists for the engine.

    Nothing prepared for later frames is in here, and what is here shows itself only up to the
    clock: the future cannot be reached.

    Args:
        symbols: Tickers, in the order of the config.
        interval: Base interval.
        zone: The exchange's zone.
        clock: Anything with `now_ns`.

    Attributes:
        is_still: Whether the frame brought no bar: only ticks, quotes or news of the feed.
        historical: Historical indicators by name, one value a symbol.
    """

    def __init__(self, symbols: Sequence[str], interval: str, zone: tzinfo, clock: Clock) -> None:
        self.symbols = tuple(symbols)
        self.interval = interval
        self.zone = zone
        self._clock = clock
        self._tracks: dict[str, tuple[Track, ...]] = {}
        self._series: dict[tuple[str, int], Series] = {}
        self._fresh: Callable[[Track], int] = operator.attrgetter("stop")
        self._bars: list[Bars] = []
        self._closes = [math.nan] * len(self.symbols)
        self._quotes: tuple[QuoteColumns, ...] = ()
        self._last_quotes: tuple[QuoteColumns, ...] = ()
        self.is_still = False
        self.historical: dict[str, FloatArray] = {}

    def take(self, frame: Frame) -> None:
        """Make a frame's columns the visible ones (up to the clock)."""
        if frame.opens:
            self._keep_closes()
            self._look_back(frame.base)
        tracks = {self.interval: frame.base, **frame.derived}
        same = not frame.opens and tracks.keys() == self._tracks.keys()
        self.is_still = same and all(bars is self._tracks[i] for i, bars in tracks.items())
        self._fresh = operator.attrgetter("stop") if self.is_still else frame.fresh
        self._tracks = tracks
        self.release()
        self.historical = dict(frame.historical)
        self._take_quotes(frame)

    def _take_quotes(self, frame: Frame) -> None:
        """Take a frame's quotes; live it brings new ones alone, so the last ones stay."""
        grows = bool(frame.revisions) and not frame.opens
        pairs = zip(self._quotes, self._last_quotes, strict=True) if grows else ()
        kept = tuple(newer if len(newer.ts) else older for newer, older in pairs)
        self._quotes, self._last_quotes = frame.quotes, kept or frame.quotes

    def release(self) -> None:
        """Let the bars of the session go; they are made again when asked for."""
        self._bars = []

    def has(self, interval: str) -> bool:
        """Whether bars of an interval are here."""
        return interval in self._tracks

    def add(self, interval: str, tracks: tuple[Track, ...]) -> None:
        """Add bars of an interval that a strategy asked for late."""
        self._tracks[interval] = tracks

    def _keep_closes(self) -> None:
        """Remember the last close of each symbol of the session that has ended."""
        for i, track in enumerate(self._tracks.get(self.interval, ())):
            if track.stop > track.start:
                self._closes[i] = track.columns.close.item(track.stop - 1)

    def _look_back(self, tracks: tuple[Track, ...]) -> None:
        """Take the last close of history for symbols of which nothing has been replayed yet."""
        for i, track in enumerate(tracks):
            if track.hist < track.start and math.isnan(self._closes[i]):
                self._closes[i] = track.columns.close.item(track.start - 1)

    def series(self, symbol: int, interval: str) -> Series:
        """Symbol, interval and zone, shared by all bars of them."""
        key = (interval, symbol)
        if key not in self._series:
            self._series[key] = Series(self.symbols[symbol], interval, self.zone)
        return self._series[key]

    def base_bars(self, symbol: int) -> Bars:
        """The base bars that the frame adds, and the instants at which they become known."""
        if not self._bars:
            tracks = self._tracks[self.interval]
            starts = list(map(self._fresh, tracks))
            series = [self.series(row, self.interval) for row in range(len(tracks))]
            self._bars = bars_of(tracks, starts, series)
        return self._bars[symbol]

    def last_close(self, symbol: int) -> float:
        """The newest close known by now; NaN before the first."""
        if self._bars:
            bars, known = self._bars[symbol]
            row = bisect_right(known, self._clock.now_ns) - 1
            if row >= 0:
                close: float = bars.close[row]
                return close
        if self.interval not in self._tracks:
            return self._closes[symbol]
        track = self._tracks[self.interval][symbol]
        stop = known_rows(track.columns, track.start, self._clock.now_ns)
        stop = min(stop, track.stop)
        return float(track.columns.close[stop - 1]) if stop > track.start else self._closes[symbol]

    def last_known_ns(self, symbol: int) -> float:
        """When the newest bar of a symbol became known; minus infinity before the first."""
        if self.interval not in self._tracks:
            return -math.inf
        track = self._tracks[self.interval][symbol]
        stop = min(known_rows(track.columns, track.start, self._clock.now_ns), track.stop)
        return float(track.columns.available_at[stop - 1]) if stop > track.start else -math.inf

    @property
    def has_quotes(self) -> bool:
        """Whether the session streams quotes."""
        return bool(self._quotes)

    def last_quote(self, symbol: int) -> tuple[float, float, int] | None:
        """Bid, ask and instant of the newest quote of the session known by now; None for none."""
        for columns in (self._quotes, self._last_quotes):
            if columns:
                quotes = columns[symbol]
                row = int(np.searchsorted(quotes.ts, self._clock.now_ns, side="right")) - 1
                if row >= 0:
                    return float(quotes.bid[row]), float(quotes.ask[row]), int(quotes.ts[row])
        return None

    def last_closes(self, symbols: Sequence[int]) -> FloatArray:
        """The newest close of each of some symbols known by now; NaN before the first."""
        every, now = self._tracks.get(self.interval), self._clock.now_ns
        closes = [self._closes[symbol] for symbol in symbols]
        if every is None:
            return np.array(closes)
        known, first, stop, last = None, 0, 0, 0
        for i, symbol in enumerate(symbols):
            columns, _, start, end = every[symbol]
            if columns.available_at is not known or start != first or end != stop:
                known, first, stop = columns.available_at, start, end
                last = min(known_rows(columns, start, now), end) - 1
            if last >= start:
                closes[i] = columns.close.item(last)
        return np.array(closes)

    def final_closes(self) -> FloatArray:
        """The last close of each symbol at the end of what has been taken."""
        self._keep_closes()
        return np.array(self._closes)

    def track(self, symbol: int, interval: str) -> Track:
        """The track of a symbol and interval."""
        return self.tracks(interval)[symbol]

    def tracks(self, interval: str) -> tuple[Track, ...]:
        """The tracks of an interval, by symbol."""
        try:
            return self._tracks[interval]
        except KeyError:
            raise DataError(
                f"there are no {interval!r} bars in this session",
                hint="declare them with self.bars(interval) or self.indicator(...) in setup; "
                + did_you_mean(interval, self._tracks),
            ) from None

    def get_bars(self, symbol: str, interval: str | None = None) -> LiveBars:
        """A live read-only view of the bars known by now: trailing days and session.

        Args:
            symbol: Ticker.
            interval: "5m", "1d" ...; the base interval where left out.
        """
        try:
            row = self.symbols.index(symbol)
        except ValueError:
            raise DataError(
                f"symbol {symbol!r} is not in this session",
                hint=did_you_mean(symbol, self.symbols),
            ) from None
        return LiveBars(self, row, interval or self.interval, self._clock)


class LiveBars:
    """Bars of one symbol and interval up to the clock; the window moves as the clock does."""

    def __init__(self, data: SessionData, symbol: int, interval: str, clock: Clock) -> None:
        self._data = data
        self._symbol = symbol
        self._interval = interval
        self._clock = clock

    @property
    def columns(self) -> BarColumns:
        """What is known now, as columns."""
        track = self._data.track(self._symbol, self._interval)
        known = track.columns.available_at[track.hist : track.stop]
        count = int(np.searchsorted(known, self._clock.now_ns, side="right"))
        return _read_only(track.columns.slice(track.hist, track.hist + count))

    def __len__(self) -> int:
        return len(self.columns)

    def __getitem__(self, index: int) -> Bar:
        columns = self.columns
        try:
            row = operator.index(index)
        except TypeError as error:
            text = "bars are taken one by one, as bars[-1]; slice a column: bars.close[-5:]"
            raise TypeError(text) from error
        row += len(columns) if row < 0 else 0
        if not 0 <= row < len(columns):
            raise IndexError(f"{len(columns)} bars are known by now, was asked for [{index}]")
        return Bar(
            self._data.series(self._symbol, self._interval),
            int(columns.ts[row]),
            float(columns.open[row]),
            float(columns.high[row]),
            float(columns.low[row]),
            float(columns.close[row]),
            float(columns.volume[row]),
            int(columns.available_at[row]),
        )

    @property
    def open(self) -> FloatArray:
        """First prices, newest last."""
        return self.columns.open

    @property
    def high(self) -> FloatArray:
        """Highest prices, newest last."""
        return self.columns.high

    @property
    def low(self) -> FloatArray:
        """Lowest prices, newest last."""
        return self.columns.low

    @property
    def close(self) -> FloatArray:
        """Last prices, newest last."""
        return self.columns.close

    @property
    def volume(self) -> FloatArray:
        """Units traded, newest last."""
        return self.columns.volume

    def to_pandas(self) -> pd.DataFrame:
        """A DataFrame with an aware index in the exchange's zone."""
        columns = self.columns
        return pd.DataFrame(
            {name: columns.field(name).copy() for name in PRICE_FIELDS},
            index=_stamps(columns.ts, self._data.zone),
        )

    def to_arrow(self) -> Any:
        """A pyarrow Table with an aware `timestamp` column."""
        import pyarrow as pa

        columns = self.columns
        stamps = pa.array(columns.ts, type=pa.timestamp("ns", tz=str(self._data.zone)))
        prices = {name: columns.field(name) for name in PRICE_FIELDS}
        return pa.table({"timestamp": stamps, **prices})


def _read_only(columns: BarColumns) -> BarColumns:
    """The same columns; the views of a slice are its own, so no one else is locked out."""
    for name in BAR_FIELDS:
        getattr(columns, name).flags.writeable = False
    return columns


def _stamps(ts: IntArray, zone: tzinfo) -> pd.DatetimeIndex:
    index = pd.DatetimeIndex(ts.astype("datetime64[ns]"), name="timestamp")
    return index.tz_localize("UTC").tz_convert(zone)
