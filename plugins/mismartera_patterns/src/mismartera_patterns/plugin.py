"""The hook of the chart patterns. Names only: numpy and scipy load on first use."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import IndicatorReg, hookimpl


@hookimpl
def mismartera_indicators() -> Iterable[IndicatorReg]:
    """Every chart pattern of this package."""
    return []
