"""Values of a recording as JSON, and back, exactly: what a list means is said by its first item."""

from __future__ import annotations

import base64
import builtins
import zlib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

import numpy as np

from mismartera_core import errors
from mismartera_core.contracts import stream, venue
from mismartera_core.contracts.provider import ProviderCapabilities
from mismartera_core.errors import DataError, MisMarteraError
from mismartera_core.model import columns, journal, orders, risk
from mismartera_core.model import venue as said

_CLASSES: tuple[type[Any], ...] = (
    columns.BarColumns,
    columns.TickColumns,
    columns.QuoteColumns,
    journal.BookedExecution,
    journal.Intent,
    journal.JournaledOrder,
    journal.OrderEvent,
    journal.OrderEventKind,
    orders.OrderType,
    orders.Side,
    orders.TimeInForce,
    risk.RiskRecord,
    risk.RiskState,
    risk.RiskVerdict,
    said.Execution,
    said.OrderSnapshot,
    said.OrderTerms,
    said.PositionSnapshot,
    said.VenueAccount,
    said.VenueOrder,
    said.VenuePosition,
    said.VenueStatus,
    stream.StreamChanged,
    stream.StreamNoise,
    stream.StreamRequest,
    stream.StreamState,
    stream.StreamedBars,
    stream.StreamedQuotes,
    stream.StreamedStatus,
    stream.StreamedTicks,
    venue.Executed,
    venue.OrderChanged,
    venue.VenueCapabilities,
    ProviderCapabilities,
)
_BY_NAME: dict[str, type[Any]] = {cls.__name__: cls for cls in _CLASSES}
_PACKED_FROM = 32
"""Items from which on an array is packed: a bar of one symbol stays readable."""


def encode(value: Any) -> Any:
    """A value as JSON values.

    Args:
        value: None, bool, int, float, text, Decimal, an array, an error, or anything made of them
            by tuple, list, dict with texts as keys, or a class that recordings know.

    Raises:
        TypeError: It is something else.
    """
    if isinstance(value, Enum):
        return [type(value).__name__, value.value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Decimal):
        return ["Decimal", str(value)]
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, tuple | list):
        return ["list" if isinstance(value, list) else "tuple", *map(encode, value)]
    if isinstance(value, frozenset | set):
        return ["frozenset", *sorted(map(encode, value))]
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if is_dataclass(value) and type(value).__name__ in _BY_NAME:
        return [type(value).__name__, _fields(value)]
    if isinstance(value, Exception):
        return ["error", type(value).__name__, str(value), getattr(value, "hint", "")]
    raise TypeError(f"a recording has no form for {type(value).__name__}")


def decode(value: Any) -> Any:
    """What `encode` was given.

    Raises:
        DataError: It names something unknown: the recording is of a newer version.
    """
    if isinstance(value, dict):
        return {key: decode(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    name, *rest = value
    if name in _PLAIN:
        return _PLAIN[name](rest)
    cls = _BY_NAME.get(name)
    if cls is None:
        raise DataError(
            f"expected a value that recordings know, was a {name!r}",
            hint="replay it with the version of MisMartera that recorded it",
        )
    (given,) = rest
    if issubclass(cls, Enum):
        return cls(given)
    return cls(**{key: decode(item) for key, item in given.items()})


def _fields(value: Any) -> dict[str, Any]:
    """The fields of a frozen value that differ from their defaults."""
    found = {}
    for field in fields(value):
        item = getattr(value, field.name)
        if field.default is MISSING or field.default != item:
            found[field.name] = encode(item)
    return found


def _array(value: Any) -> list[Any]:
    kind = "floats" if value.dtype.kind == "f" else "ints"
    if len(value) < _PACKED_FROM:
        return [kind, *value.tolist()]
    dtype = "<f8" if kind == "floats" else "<i8"
    packed = zlib.compress(np.ascontiguousarray(value, dtype=dtype).tobytes(), 1)
    return ["packed", dtype, base64.b64encode(packed).decode("ascii")]


def _unpacked(rest: list[Any]) -> Any:
    dtype, text = rest
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=dtype).astype(
        np.float64 if dtype == "<f8" else np.int64
    )


def _error(rest: list[Any]) -> Exception:
    """The error, of its own class where that is ours or Python's."""
    name, message, hint = rest
    ours = getattr(errors, name, None)
    if isinstance(ours, type) and issubclass(ours, MisMarteraError):
        return ours(message, hint=hint)
    known = getattr(builtins, name, None)
    if isinstance(known, type) and issubclass(known, Exception):
        return known(message)
    return MisMarteraError(f"{name}: {message}")


def know(*classes: type[Any]) -> None:
    """Let recordings hold values of further frozen classes."""
    _BY_NAME.update({cls.__name__: cls for cls in classes})


_PLAIN: dict[str, Callable[[list[Any]], Any]] = {
    "Decimal": lambda rest: Decimal(rest[0]),
    "floats": lambda rest: np.array(rest, dtype=np.float64),
    "ints": lambda rest: np.array(rest, dtype=np.int64),
    "packed": _unpacked,
    "tuple": lambda rest: tuple(map(decode, rest)),
    "list": lambda rest: list(map(decode, rest)),
    "frozenset": lambda rest: frozenset(map(decode, rest)),
    "error": _error,
}
