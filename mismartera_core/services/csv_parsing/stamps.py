"""Time stamps as text or numbers to nanoseconds, in all the shapes vendors write."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mismartera_core.errors import DataError, UsageError
from mismartera_core.model.columns import BoolArray, IntArray
from mismartera_core.model.intervals import DAY, HOUR, MINUTE, SECOND

OFFSET = r"(?:UTC|GMT)?[+-]\d{2}:?\d{2}|[+-]\d{2}|(?:UTC|GMT)(?:[+-]\d{1,2})?"
"""A zone as its distance from UTC, beside "Z"."""
_ZONE = rf"(?P<zone>Z|z|{OFFSET})?"
_CLOCK = (
    r"(?:[T ,;]\s*(?P<hour>\d{1,2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})"
    r"(?:[.,](?P<fraction>\d{1,9}))?)?\s*(?P<half>[AaPp][Mm])?)?\s*" + _ZONE
)
_TEXTS = (
    r"^(?P<a>\d{1,4})[-/.](?P<b>\d{1,2})[-/.](?P<c>\d{1,4})" + _CLOCK + "$",
    r"^(?P<a>\d{4})(?P<b>\d{2})(?P<c>\d{2})" + _CLOCK + "$",
    r"^(?P<a>\d{1,2})[- /](?P<b>[A-Za-z]{3,9})[- /,]+(?P<c>\d{4})" + _CLOCK + "$",
    r"^(?P<b>[A-Za-z]{3,9})[- ](?P<a>\d{1,2}),?[- ](?P<c>\d{4})" + _CLOCK + "$",
)
_YEARS = (1900, 2200)
"""Nanoseconds reach little further."""
_EPOCH = r"^(?P<whole>\d{9,18}|[1-8]\d{18})(?:\.(?P<fraction>\d*))?$"
"""Nineteen digits that begin with 9 may be too many for 64 bits."""
_EPOCHS = ((19, 1, "nanoseconds"), (16, 1_000, "microseconds"), (13, 10**6, "milliseconds"))
_MONTHS = {
    name.lower(): n
    for names in (calendar.month_abbr, calendar.month_name)
    for n, name in enumerate(names)
    if name
}


@dataclass(frozen=True, slots=True)
class Stamps:
    """Parsed stamps.

    Attributes:
        ns: Nanoseconds: UTC where aware, else of the clock on the wall.
        valid: Whether each could be read.
        aware: Whether they are UTC.
        dated: Whether they are days without a time of day.
        words: How they were read, for the report.
    """

    ns: IntArray
    valid: BoolArray
    aware: bool
    dated: bool
    words: str


def parse_stamps(path: Path, columns: Sequence[Any], dateformat: str | None) -> Stamps:
    """Read the time of each row.

    Args:
        path: The file, for messages.
        columns: Arrow string arrays: the stamps, or dates and times of day.
        dateformat: A strptime format to read them by; None finds out.

    Raises:
        DataError: Nothing can be read, or day and month cannot be told apart.
        UsageError: The format fits no row.
    """
    import pyarrow.compute as pc

    text = columns[0]
    if len(columns) == 2:
        clock = columns[1]
        if not _share(pc.match_substring(clock, ":")):
            clock = pc.utf8_lpad(
                clock, 6 if _share(pc.greater(pc.utf8_length(clock), 4)) else 4, "0"
            )
        text = pc.binary_join_element_wise(text, clock, " ")
    if dateformat is not None:
        return _by_format(path, text, dateformat)
    if _share(pc.match_substring_regex(text, r"^\d{9,19}(\.\d+)?$")) and not _share(
        pc.match_substring_regex(text, r"^(19|20)\d{10}(\d{2})?$")
    ):
        return _epochs(text)
    return _texts(path, _spread(text))


def _share(mask: Any) -> bool:
    """Whether a mask is mostly true."""
    values = mask.to_numpy(zero_copy_only=False)
    return bool(np.count_nonzero(values) * 2 > len(values))


def _epochs(text: Any) -> Stamps:
    import pyarrow as pa
    import pyarrow.compute as pc

    good = pc.match_substring_regex(text, _EPOCH).to_numpy(zero_copy_only=False)
    parts = pc.extract_regex(text.filter(pa.array(good)), _EPOCH)
    numbers = pc.cast(parts.field("whole"), pa.int64()).to_numpy()
    billionths = _integers(_billionths(parts.field("fraction")))
    digits = int(np.median(np.char.str_len(numbers[:1000].astype(str))))
    factor, unit = next(((f, u) for d, f, u in _EPOCHS if digits >= d - 1), (SECOND, "seconds"))
    ns = np.zeros(len(text), np.int64)
    in_range = numbers <= (2**63 - 1) // factor
    ns[good] = np.where(in_range, numbers, 0) * factor + billionths * factor // SECOND
    good = good.copy()
    good[good] = in_range
    return Stamps(ns, good, True, False, f"epoch {unit}, UTC")


def _billionths(fraction: Any) -> Any:
    """Digits after a decimal point as nine digits."""
    import pyarrow.compute as pc

    return pc.utf8_slice_codeunits(pc.utf8_rpad(fraction, 9, "0"), 0, 9)


def _spread(text: Any) -> Any:
    """yyyymmddHHMM and yyyymmddHHMMSS with a space before the time."""
    import pyarrow.compute as pc

    return pc.replace_substring_regex(text, r"^((?:19|20)\d{6})(\d{4}|\d{6})$", r"\1 \2")


def _texts(path: Path, text: Any) -> Stamps:
    """Read by the pattern that fits most rows."""
    import pyarrow.compute as pc

    fits = [pc.match_substring_regex(text, pattern) for pattern in _TEXTS]
    counts = [int(pc.sum(fit).as_py() or 0) for fit in fits]
    best = int(np.argmax(counts))
    if counts[best] * 2 < len(text):
        sample = next((str(t) for t in text.to_pylist() if str(t)), "")
        raise DataError(
            f"expected dates in {path}, cannot read {sample!r}",
            hint="say how they are written: --date-format '%d/%m/%Y %H:%M'",
        )
    valid = fits[best].to_numpy(zero_copy_only=False).copy()
    parts = pc.extract_regex(text.filter(fits[best]), _TEXTS[best])
    field = {name: parts.field(name) for name in (f.name for f in parts.type)}
    a, b, c = (_integers(field[name]) for name in "abc")
    clock, has_clock, sane = _time_of_day(field)
    zone = field["zone"].to_numpy(zero_copy_only=False)
    ns, words = _days((path, str(text.filter(fits[best])[0])), field, a, b, c, clock)
    offsets, aware = _offsets(zone)
    good = sane & (ns != _BAD) & (offsets != _BAD)
    is_aware = bool(np.count_nonzero(aware) * 2 > len(aware))
    good &= aware == is_aware
    out = np.zeros(len(valid), np.int64)
    out[valid] = np.where(good, ns + clock - offsets, 0)
    valid[valid] = good
    dated = not bool(has_clock.any())
    return Stamps(out, valid, is_aware and not dated, dated, words)


_BAD = np.iinfo(np.int64).min
_FARTHEST = 15 * HOUR
"""Beyond every zone's offset from UTC."""


def _integers(column: Any) -> IntArray:
    """Whole numbers; names of months count, empty is 0."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pc.any(pc.match_substring_regex(column, "[A-Za-z]")).as_py():
        names = {str(n): str(_MONTHS.get(str(n).lower(), 0)) for n in pc.unique(column).to_pylist()}
        column = pa.array([names[str(n)] for n in column.to_pylist()])
    filled = pc.if_else(pc.equal(column, ""), "0", column)
    numbers: IntArray = pc.cast(filled, pa.int64()).to_numpy()
    return numbers


def _time_of_day(field: dict[str, Any]) -> tuple[IntArray, BoolArray, BoolArray]:
    """Nanoseconds since midnight, where a time is given, and where a clock can show it."""
    import pyarrow.compute as pc

    hour, minute, second = (_integers(field[n]) for n in ("hour", "minute", "second"))
    fraction = _integers(_billionths(field["fraction"]))
    half = pc.utf8_lower(field["half"]).to_numpy(zero_copy_only=False)
    if (half != "").any():
        hour = np.where(half == "", hour, hour % 12 + 12 * (half == "pm"))
    given = pc.not_equal(field["hour"], "").to_numpy(zero_copy_only=False)
    clock = hour * HOUR + minute * MINUTE + second * SECOND + fraction
    return clock, given, (clock <= DAY) & (minute < 60) & (second < 60)


def _offsets(zone: Any) -> tuple[IntArray, BoolArray]:
    """Offset from UTC of each row, _BAD where no zone has it, and where one is given."""
    kinds, index = np.unique(zone.astype(str), return_inverse=True)
    return np.array([_offset(z) for z in kinds], np.int64)[index], (kinds != "")[index]


def _offset(zone: str) -> int:
    match = re.search(r"([+-])(\d{1,2}):?(\d{2})?$", zone)
    if match is None:
        return 0
    size = int(match[2]) * HOUR + int(match[3] or 0) * MINUTE
    if size > _FARTHEST:
        return int(_BAD)
    return -size if match[1] == "-" else size


def _days(
    where: tuple[Path, str],
    field: dict[str, Any],
    a: IntArray,
    b: IntArray,
    c: IntArray,
    clock: IntArray,
) -> tuple[IntArray, str]:
    """Midnight of each row's date, _BAD where there is no such date, and how it was read."""
    path, sample = where
    import pyarrow.compute as pc

    if _share(pc.equal(pc.utf8_length(field["a"]), 4)):
        return _midnight(a, b, c), "year-month-day"
    c = np.where(c < 69, c + 2000, np.where(c < 100, c + 1900, c))  # as strptime does
    if pc.any(pc.match_substring_regex(field["b"], "[A-Za-z]")).as_py():
        return _midnight(c, b, a), "day and name of month"
    day_first, month_first = bool((a > 12).any()), bool((b > 12).any())
    if day_first != month_first:
        words = "day before month" if day_first else "month before day"
        read = _midnight(c, b, a) if day_first else _midnight(c, a, b)
        return read, f"{words} (a number above 12 tells)"
    readings = {"day before month": _midnight(c, b, a), "month before day": _midnight(c, a, b)}
    if not day_first:
        ordered = [words for words, ns in readings.items() if _is_ordered(ns + clock)]
        if len(ordered) == 1:
            return readings[ordered[0]], f"{ordered[0]} (only so they are in order)"
        if np.array_equal(a, b):
            return readings["day before month"], "day and month are the same number"
    mark = sample.strip("0123456789")[:1]
    raise DataError(
        f"day and month cannot be told apart in {path}: "
        + ("both places go above 12" if day_first else "no number is above 12, both orders fit"),
        hint=f"{sample!r}: say --date-format '%d{mark}%m{mark}%Y' or '%m{mark}%d{mark}%Y', "
        "with %H:%M or %H:%M:%S after it as the file writes it",
    )


def _midnight(year: IntArray, month: IntArray, day: IntArray) -> IntArray:
    sane = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (year >= _YEARS[0])
    sane &= year <= _YEARS[1]
    months = (np.where(sane, year, 2000) - 1970) * 12 + np.where(sane, month, 1) - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]")
    date = first + (np.where(sane, day, 1) - 1)
    sane &= date.astype("datetime64[M]").astype(np.int64) == months
    return np.where(sane, date.astype(np.int64) * DAY, _BAD)


def _is_ordered(ns: IntArray) -> bool:
    steps = np.diff(ns)
    return bool((steps >= 0).all() or (steps <= 0).all())


def _by_format(path: Path, text: Any, dateformat: str) -> Stamps:
    import pandas as pd

    aware = "%z" in dateformat or "%Z" in dateformat
    try:
        read = pd.to_datetime(
            pd.Series(text.to_pylist()), format=dateformat, errors="coerce", utc=aware
        )
    except (ValueError, TypeError) as error:
        raise UsageError(f"--date-format {dateformat!r} is no strptime format: {error}") from error
    index = pd.DatetimeIndex(read)
    known = (index.year >= _YEARS[0]) & (index.year <= _YEARS[1])
    index = pd.DatetimeIndex(index.where(known)).as_unit("ns")
    valid = np.asarray(index.notna())
    if not valid.any():
        raise UsageError(f"--date-format {dateformat!r} does not fit {str(text[0])!r} in {path}")
    dated = not any(mark in dateformat for mark in ("%H", "%I", "%X", "%c", "%s"))
    ns = np.where(valid, index.asi8, 0)
    return Stamps(ns, valid, aware, dated, f"by the format {dateformat!r}")
