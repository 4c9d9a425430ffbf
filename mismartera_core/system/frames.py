"""DataFrames become columns of bars, or are refused with what to type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from mismartera_core.errors import DataError
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.model.columns import BAR_FIELDS, BarColumns, FloatArray
from mismartera_core.model.intervals import DAY, HOUR, MINUTE, SECOND, interval_ns, is_daily
from mismartera_core.model.market import from_ns
from mismartera_core.store.block import read_only

Bars: TypeAlias = pd.DataFrame | Mapping[str, pd.DataFrame]

_ALIASES = {"o": "open", "h": "high", "l": "low", "c": "close", "v": "volume", "vol": "volume"}
_WEEK = 7 * DAY


def frames_of(bars: Bars, symbol: str) -> dict[str, pd.DataFrame]:
    """DataFrames by symbol, each with an index that can be one of bars.

    Args:
        bars: One DataFrame, or DataFrames by symbol.
        symbol: Name of the symbol where one is given.

    Raises:
        DataError: It is something else, or an index is not one of ascending, aware instants.
    """
    frames: dict[Any, Any] = dict(bars) if isinstance(bars, Mapping) else {symbol: bars}
    if not frames:
        raise DataError("expected at least one symbol with bars, found none")
    for name, frame in frames.items():
        if not isinstance(name, str) or not name:
            raise DataError(f"expected symbols as text, was {name!r}")
        if not isinstance(frame, pd.DataFrame):
            kind = f"{type(frame).__module__}.{type(frame).__qualname__}"
            raise DataError(
                f"{name}: expected a pandas DataFrame, was {kind.removeprefix('builtins.')}",
                hint="give a DataFrame, or DataFrames by symbol: {'AAA': bars, 'BBB': others}",
            )
        _check_index(name, frame.index)
    return frames


def interval_of(frames: Mapping[str, pd.DataFrame]) -> str:
    """The bar interval of the frames: the most common distance between stamps.

    Raises:
        DataError: It cannot be read off, or is not the same for all symbols.
    """
    lengths: dict[str, str] = {}
    known: object = None
    for name, frame in frames.items():
        if len(frame) > 1 and frame.index is not known:
            lengths[name], known = _read_off(name, frame.index), frame.index
    if not lengths:
        if not any(map(len, frames.values())):
            raise DataError("the bars are empty")
        raise DataError("the bar interval cannot be read off", hint='give interval="1m"')
    (first, length), *others = lengths.items()
    for name, other in others:
        if other != length:
            raise DataError(
                f"the bars of {first} are {length} apart, those of {name} {other}: "
                "all must be of one length",
                hint=f'give interval="{length}" if they are, and some are absent',
            )
    return length


def columns_of(name: str, frame: pd.DataFrame, interval: str, zone: ZoneInfo) -> BarColumns:
    """The bars of a DataFrame.

    Args:
        name: The symbol.
        frame: One of `frames_of`.
        interval: Length of the bars.
        zone: The exchange's zone.

    Raises:
        DataError: There are columns or rows that cannot be bars.
    """
    index: Any = frame.index
    _refuse_overlap(name, index, interval)
    if is_daily(interval) and (index == index.normalize()).all():
        # Days are stamped by their date: midnight of any zone means that day of the exchange.
        index = index.tz_localize(None).tz_localize(zone, nonexistent="shift_forward")
    fields = _fields(name, frame)
    values = {key: _numbers(name, frame, column) for key, column in fields.items()}
    volume = values.get("volume", np.full(len(frame), np.nan))
    bars = BarColumns.build(
        index.as_unit("ns").asi8,
        values["open"],
        values["high"],
        values["low"],
        values["close"],
        volume,
        interval_ns=interval_ns(interval),
    )
    _refuse_impossible(name, frame, bars)
    return bars


def sharing(columns: Mapping[str, BarColumns]) -> dict[str, BarColumns]:
    """The same columns, read only; symbols with equal stamps have one array of them."""
    made: dict[str, BarColumns] = {}
    like: BarColumns | None = None
    for name, bars in columns.items():
        mine = BarColumns(*(read_only(getattr(bars, field)) for field in BAR_FIELDS))
        if like is None or mine.ts.tobytes() != like.ts.tobytes():
            like = mine
        made[name] = replace(mine, ts=like.ts, available_at=like.available_at, session=like.session)
    return made


def _fields(name: str, frame: pd.DataFrame) -> dict[str, Any]:
    """Columns of the frame by field, whatever their case."""
    fields: dict[str, Any] = {}
    for column in frame.columns:
        key = str(column).strip().lower()
        fields.setdefault(_ALIASES.get(key, key), column)
    missing = [key for key in ("open", "high", "low", "close") if key not in fields]
    if missing:
        raise DataError(
            f"{name}: no column {', '.join(missing)}; found {', '.join(map(str, frame.columns))}",
            hint=_by_symbol(frame.columns),
        )
    return {k: fields[k] for k in ("open", "high", "low", "close", "volume") if k in fields}


def _refuse_impossible(name: str, frame: pd.DataFrame, bars: BarColumns) -> None:
    top = np.maximum(bars.open, bars.close)
    bottom = np.minimum(bars.open, bars.close)
    possible = (bars.high >= top) & (bars.low <= bottom) & (bars.low > 0)
    possible &= np.isfinite(bars.high) & ~(bars.volume < 0)
    if not possible.all():
        row = int(np.flatnonzero(~possible)[0])
        raise DataError(
            f"{name}: {int((~possible).sum())} impossible bars, first at {frame.index[row]}: "
            f"{frame.iloc[row].to_dict()}",
            hint="expected 0 < low <= open, close <= high, all finite, volume not negative",
        )


def _by_symbol(columns: pd.Index) -> str:
    """What to type where columns have two levels, as yfinance makes them."""
    if not isinstance(columns, pd.MultiIndex):
        return "expected open, high, low, close and, where it is known, volume, in any case"
    fields = {"open", "high", "low", "close"}
    level = int(fields <= {str(field).lower() for field in columns.get_level_values(0)})
    parts = f"bars.xs(name, axis=1, level={level})"
    return f"type: bars = {{name: {parts}.dropna() for name in bars.columns.unique({level})}}"


def _numbers(name: str, frame: pd.DataFrame, column: Any) -> FloatArray:
    values: Any = frame[column]
    if isinstance(values, pd.DataFrame):
        raise DataError(f"{name}: column {column} is there {values.shape[1]} times")
    try:
        numbers: FloatArray = values.to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{name}: column {column} has something that is no number: {error}",
            hint=f"type: bars[{column!r}] = pd.to_numeric(bars[{column!r}], errors='coerce')",
        ) from error
    return numbers


def _check_index(name: str, index: pd.Index) -> None:
    if not isinstance(index, pd.DatetimeIndex):
        raise DataError(
            f"{name}: expected a DatetimeIndex, was {type(index).__name__}",
            hint="make the column of times the index: bars = bars.set_index(pd.DatetimeIndex(...))",
        )
    if index.tz is None:
        raise DataError(
            f"{name}: expected an index with a time zone, was a naive one",
            hint='type: bars = bars.tz_localize("America/New_York")  # or the zone of your data',
        )
    if index.hasnans:
        raise DataError(
            f"{name}: {np.count_nonzero(index.isna())} stamps are no time (NaT)",
            hint="type: bars = bars[bars.index.notna()]",
        )
    if not index.is_unique:
        row = index[index.duplicated()][0]
        raise DataError(
            f"{name}: {int(index.duplicated().sum())} stamps come twice, first {row}",
            hint="type: bars = bars[~bars.index.duplicated()]  # keeps the first of each",
        )
    if not index.is_monotonic_increasing:
        raise DataError(
            f"{name}: the index is not ascending", hint="type: bars = bars.sort_index()"
        )


def _refuse_overlap(name: str, index: pd.DatetimeIndex, interval: str) -> None:
    """Bars that begin before the ones before them have ended are of another length than is said.

    A few may: where hours begin at 9:30, some sources cut the first hour off at 10:00.
    """
    if len(index) < 2:
        return
    if is_daily(interval):
        days = index.tz_localize(None).normalize()
        early, most = days[1:] == days[:-1], 0.0
    else:
        early, most = np.diff(index.as_unit("ns").asi8) < interval_ns(interval), 0.5
    if early.mean() > most:
        row = int(np.flatnonzero(early)[0])
        raise DataError(
            f"{name}: the bar at {index[row + 1]} begins before the {interval} bar at {index[row]} "
            "has ended",
            hint="give interval= the length that the bars have",
        )


def _read_off(name: str, index: Any) -> str:
    """The interval of the bars of one symbol."""
    distances = np.diff(index.as_unit("ns").asi8)
    values, counts = np.unique(distances, return_counts=True)
    common = int(values[np.argmax(counts)])
    if values[0] < common < DAY:
        raise DataError(
            f"{name}: the bar interval cannot be read off: most stamps are {pd.Timedelta(common)} "
            f"apart, some {pd.Timedelta(values[0])}",
            hint='give interval="1m", or whatever their length is',
        )
    if common >= _WEEK:
        raise DataError(
            f"{name}: most stamps are {pd.Timedelta(common).days} days apart, and a bar spans one "
            "session at most",
            hint='give interval="1d" if each is the bar of one day',
        )
    for unit, letter in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s")):
        if common >= unit and common % unit == 0:
            return "1d" if letter == "d" else f"{common // unit}{letter}"
    raise DataError(
        f"{name}: the bar interval cannot be read off: {common} ns", hint='give interval="1m"'
    )


def days_of(columns: Mapping[str, BarColumns], clock: TimeManager) -> tuple[date, date]:
    """First and last local date of the bars."""
    spans = [(int(bars.ts[0]), int(bars.ts[-1])) for bars in columns.values() if len(bars)]
    if not spans:
        raise DataError("the bars are empty")
    first, last = min(s[0] for s in spans), max(s[1] for s in spans)
    return from_ns(first, clock.zone).date(), from_ns(last, clock.zone).date()
