"""Slippage: one formula, and the numbers that each model puts into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field

from mismartera_core.builtin.numbers_config import NumbersConfig
from mismartera_core.services.cost_formulas import slippage as slippage

Numbers = tuple[float, float, float]
"""fixed, rate, impact."""

BASIS_POINT = 1e-4


class FixedSlippageConfig(NumbersConfig):
    """The same amount a unit on every fill."""

    amount: float = Field(ge=0, description="Price units against you: 0.01 is a cent a share.")


class BpsSlippageConfig(NumbersConfig):
    """A share of the price on every fill."""

    bps: float = Field(
        ge=0, le=1000, description="Basis points of the price against you: 5 is 0.05 %."
    )


class VolumeSlippageConfig(NumbersConfig):
    """Price impact, growing with the square of the share of the bar's volume."""

    impact: float = Field(
        ge=0,
        le=10,
        description="What trading a bar's whole volume would move the price by, as a fraction of "
        "it: with 0.1 a fill of a tenth of the volume pays 0.1 %. Bars of unknown volume move "
        "nothing.",
    )


def _fixed(config: FixedSlippageConfig) -> Numbers:
    return config.amount, 0.0, 0.0


def _bps(config: BpsSlippageConfig) -> Numbers:
    return 0.0, config.bps * BASIS_POINT, 0.0


def _volume(config: VolumeSlippageConfig) -> Numbers:
    return 0.0, 0.0, config.impact


CONFIGS: Mapping[str, type[NumbersConfig]] = {
    "fixed_slippage": FixedSlippageConfig,
    "bps_slippage": BpsSlippageConfig,
    "volume_slippage": VolumeSlippageConfig,
}
"""Config of each model."""

PARAMETERS: Mapping[str, Callable[[Any], Numbers]] = {
    "fixed_slippage": _fixed,
    "bps_slippage": _bps,
    "volume_slippage": _volume,
}
"""Numbers of the formula from a config."""
