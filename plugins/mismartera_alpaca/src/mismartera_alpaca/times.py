"""Alpaca's stamps as nanoseconds, and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

SECOND = 1_000_000_000
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)")


def to_ns(stamp: Any) -> int:
    """Nanoseconds UTC of one stamp: a text in RFC 3339, a stamp of msgpack, or nanoseconds.

    Raises:
        ValueError: It is no stamp.
    """
    if isinstance(stamp, str):
        return _text_ns(stamp)
    if isinstance(stamp, int):
        return stamp
    nanoseconds: int = stamp.to_unix_nano()
    return nanoseconds


def column(stamps: Sequence[str]) -> npt.NDArray[np.int64]:
    """Nanoseconds UTC of many stamps in RFC 3339."""
    if all(stamp.endswith("Z") for stamp in stamps):
        plain = [stamp[:-1] for stamp in stamps]
        return np.array(plain, dtype="datetime64[ns]").astype(np.int64)
    return np.array([_text_ns(stamp) for stamp in stamps], dtype=np.int64)


def to_text(ns: int) -> str:
    """An instant in RFC 3339, UTC, to the nanosecond."""
    return f"{np.datetime64(ns, 'ns')}Z"


def _text_ns(text: str) -> int:
    """One stamp; what is finer than a microsecond, which datetime would lose, is kept."""
    found = _STAMP.fullmatch(text)
    if found is None:
        raise ValueError(f"expected a stamp such as 2026-11-20T14:30:00Z, was {text!r}")
    seconds, fraction, zone = found.groups()
    whole = datetime.fromisoformat(seconds + zone)
    return int(whole.timestamp()) * SECOND + int((fraction or "").ljust(9, "0")[:9])
