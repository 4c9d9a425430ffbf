"""Commissions: one formula, and the numbers that each model puts into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field

from mismartera_core.builtin.numbers_config import NumbersConfig
from mismartera_core.services.cost_formulas import commission as commission

Numbers = tuple[float, float, float, float, float]
"""minimum, per_order, per_share, rate, cap_rate."""


class PerShareConfig(NumbersConfig):
    """So much a share. IBKR Pro Fixed for US stocks: 0.005, at least 1.00, at most 0.01."""

    per_share: float = Field(ge=0, le=1000, description="Account currency a share.")
    minimum: float = Field(
        default=0.0, ge=0, description="Least fee of a fill, account currency; 0 for none."
    )
    cap: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Most that a fill costs, as a fraction of its notional (0.01 is 1 %); it goes "
        "before the minimum. null for no cap.",
    )


class PercentConfig(NumbersConfig):
    """A percentage of the notional."""

    percent: float = Field(ge=0, le=10, description="Percent of the notional: 0.1 is 0.1 %.")
    minimum: float = Field(
        default=0.0, ge=0, description="Least fee of a fill, account currency; 0 for none."
    )


class PerOrderConfig(NumbersConfig):
    """A flat fee."""

    per_order: float = Field(
        ge=0, description="Account currency a fill; an order filled in two parts pays twice."
    )


def _per_share(config: PerShareConfig) -> Numbers:
    return config.minimum, 0.0, config.per_share, 0.0, config.cap or 0.0


def _percent(config: PercentConfig) -> Numbers:
    return config.minimum, 0.0, 0.0, config.percent / 100.0, 0.0


def _per_order(config: PerOrderConfig) -> Numbers:
    return 0.0, config.per_order, 0.0, 0.0, 0.0


CONFIGS: Mapping[str, type[NumbersConfig]] = {
    "per_share": PerShareConfig,
    "percent": PercentConfig,
    "per_order": PerOrderConfig,
}
"""Config of each model."""

PARAMETERS: Mapping[str, Callable[[Any], Numbers]] = {
    "per_share": _per_share,
    "percent": _percent,
    "per_order": _per_order,
}
"""Numbers of the formula from a config."""
