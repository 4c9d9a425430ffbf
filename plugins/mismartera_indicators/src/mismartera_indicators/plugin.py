"""The hook of the indicators. Names only: numpy, TA-Lib and pydantic load on first use."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import IndicatorReg, hookimpl
from mismartera_indicators.catalogue import TABLES


@hookimpl
def mismartera_indicators() -> Iterable[IndicatorReg]:
    """Every indicator of this package."""
    return [
        IndicatorReg(
            name=row.name,
            category=category,
            outputs=row.outputs,
            factory=f"mismartera_indicators.{row.module}:{row.name}",
            config_model=row.config_model,
            summary=row.summary,
            example=row.example,
            ticks=row.ticks,
        )
        for category, rows in TABLES.items()
        for row in rows
    ]
