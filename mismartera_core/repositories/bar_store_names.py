"""Symbols as names of folders."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote

from mismartera_core.errors import DataError

_LONGEST = 200
"""File systems take 255 bytes."""


def folder_name(symbol: str) -> str:
    """Name of a symbol's folder: BTC/USD is BTC%2FUSD.

    Args:
        symbol: Ticker.

    Raises:
        DataError: It is empty or too long.
    """
    if not symbol:
        raise DataError("expected a symbol, was empty")
    name = quote(symbol, safe="")
    if len(name) > _LONGEST:
        raise DataError(f"expected a shorter symbol, {symbol[:20]!r}... has {len(symbol)} letters")
    return "%2E" + name[1:] if name.startswith(".") else name


def names_in(folder: Path) -> list[str]:
    """Names of the folders in a folder, as they were before `folder_name`; sorted."""
    if not folder.is_dir():
        return []
    return sorted(unquote(entry.name) for entry in folder.iterdir() if entry.is_dir())
