"""Which column is what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mismartera_core.errors import DataError
from mismartera_core.services.csv_parsing.stamps import OFFSET

_PRICES = {
    "open": ("open", "o", "openprice", "first", "openbid", "bidopen"),
    "high": ("high", "h", "highprice", "max", "highbid", "bidhigh"),
    "low": ("low", "l", "lowprice", "min", "lowbid", "bidlow"),
    "close": ("close", "c", "closeprice", "last", "closelast", "price", "closebid", "bidclose"),
}
_VOLUME = ("volume", "vol", "v", "qty", "quantity", "size", "tickvolume", "tickvol")
_WHOLE_STAMPS = (
    *("unix", "unixtime", "unixtimestamp", "epoch", "timestamp", "timestamputc", "datetime"),
    *("datetimeutc", "opentime", "gmttime", "utctime", "starttime", "windowstart", "start"),
    *("begin", "date", "dateutc", "time", "timeutc", "t", "dt", "day", "localtime", "bartime"),
    *("unnamed0", "", "closetime", "endtime", "end"),
)
_DAYS = ("date", "day", "dtyyyymmdd", "tradedate", "tradingday")
_TIMES = ("time", "hour", "timeofday")
SYMBOLS = ("symbol", "ticker", "instrument", "stock", "sym")
_END_NAMES = {"closetime", "endtime", "end"}
_START_NAMES = {"opentime", "starttime", "windowstart", "start", "begin"}
_CLOCK = re.compile(
    rf"\d{{1,2}}:\d{{2}}(:\d{{2}})?([.,]\d+)?\s*([AaPp][Mm])?\s*(Z|{OFFSET})?|\d{{3,6}}"
)


@dataclass(frozen=True, slots=True)
class Roles:
    """Columns by number.

    Attributes:
        stamp: The column with the time, or two: date and time of day.
        prices: open, high, low, close.
        volume: None where there is none.
        symbol: Column that names the symbol, None where there is none.
        label: "start" or "end" where the stamp's name says so, else empty.
        utc: Whether the stamp's name says UTC.
        words: In words, for the report.
        unused: Names of columns that are not used.
    """

    stamp: tuple[int, ...]
    prices: tuple[int, int, int, int]
    volume: int | None
    symbol: int | None
    label: str
    utc: bool
    words: str
    unused: tuple[str, ...]


def find_roles(path: Path, names: Sequence[str], typical: Sequence[str]) -> Roles:
    """Assign columns by name, or by place where there is no header.

    Args:
        path: The file, for messages.
        names: Column names; empty where the file has none.
        typical: A usual cell of each column.

    Raises:
        DataError: A price or the time is not to be found.
    """
    if not names:
        return _by_place(path, typical)
    plain = [plain_name(name) for name in names]
    stamp = find_stamp(plain, typical)
    prices = [find_column(plain, aliases) for aliases in _PRICES.values()]
    missing = [role for role, at in zip(_PRICES, prices, strict=True) if at is None]
    if stamp is None or missing:
        what = missing if stamp is not None else ["time", *missing]
        raise DataError(
            f"expected columns for time, open, high, low and close in {path}, "
            f"found no {', '.join(what)} among: {', '.join(names)}",
            hint="rename the columns in the file's first line",
        )
    volume = find_column(plain, _VOLUME)
    if volume is None:
        volume = next((i for i, n in enumerate(plain) if n.startswith("volume")), None)
    symbol = find_column(plain, SYMBOLS)
    used = {*stamp, *prices, volume, symbol}
    return Roles(
        stamp=stamp,
        prices=(_sure(prices[0]), _sure(prices[1]), _sure(prices[2]), _sure(prices[3])),
        volume=volume,
        symbol=symbol,
        label=_label({plain[i] for i in stamp}),
        utc=any("utc" in plain[i] or "gmt" in plain[i] for i in stamp),
        words=", ".join(
            f"{role} = {names[at]!r}" if at is not None else f"no {role}"
            for role, at in (
                *(("time", at) for at in stamp),
                *zip(_PRICES, prices, strict=True),
                ("volume", volume),
            )
        ),
        unused=tuple(name for i, name in enumerate(names) if i not in used),
    )


def _by_place(path: Path, typical: Sequence[str]) -> Roles:
    """time, or date and time, then open, high, low, close and perhaps volume."""
    two = len(typical) > 5 and _CLOCK.fullmatch(typical[1]) is not None and ":" in typical[1]
    start = 2 if two else 1
    rest = len(typical) - start
    if rest < 4:
        raise DataError(
            f"expected time, open, high, low, close in {path}, found {len(typical)} columns"
        )
    return Roles(
        stamp=(0, 1) if two else (0,),
        prices=(start, start + 1, start + 2, start + 3),
        volume=start + 4 if rest > 4 else None,
        symbol=None,
        label="",
        utc=False,
        words=("date, " if two else "")
        + "time, open, high, low, close"
        + (", volume" if rest > 4 else ", no volume")
        + " (by place)",
        unused=tuple(f"column {i + 1}" for i in range(start + 5, len(typical))),
    )


def find_stamp(plain: Sequence[str], typical: Sequence[str]) -> tuple[int, ...] | None:
    """The column with the time, or those with date and time of day; None where there is none.

    Args:
        plain: Plain column names.
        typical: A usual cell of each column.
    """
    day, clock = find_column(plain, _DAYS), find_column(plain, _TIMES)
    if day is not None and clock is not None and _CLOCK.fullmatch(typical[clock]):
        return day, clock
    whole = find_column(plain, _WHOLE_STAMPS)
    return None if whole is None else (whole,)


def plain_name(name: str) -> str:
    """A column name in small letters and digits only."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"^\d+\.\s*", "", name.lower()))


def find_column(plain: Sequence[str], aliases: Sequence[str]) -> int | None:
    """The column with the first of these names that there is."""
    return next((plain.index(alias) for alias in aliases if alias in plain), None)


def _label(names: set[str]) -> str:
    if names & _END_NAMES:
        return "end"
    return "start" if names & _START_NAMES else ""


def _sure(at: int | None) -> int:
    assert at is not None  # noqa: S101 - missing prices were refused above
    return at
