"""Every indicator of this package by name, from the tables of its categories."""

from __future__ import annotations

from collections.abc import Mapping

from mismartera_indicators.catalogue import (
    averages,
    candlestick,
    candlestick_groups,
    momentum,
    statistics,
    trend,
    volatility,
    volume,
)
from mismartera_indicators.catalogue.row import Row

TABLES: Mapping[str, tuple[Row, ...]] = {
    "trend": averages.ROWS + trend.ROWS,
    "momentum": momentum.ROWS,
    "volatility": volatility.ROWS,
    "volume": volume.ROWS,
    "statistics": statistics.ROWS,
    "candlestick": candlestick.ROWS + candlestick_groups.ROWS,
}
"""Rows by category."""

ROWS: Mapping[str, Row] = {row.name: row for rows in TABLES.values() for row in rows}
