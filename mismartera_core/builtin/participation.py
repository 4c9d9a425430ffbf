"""Participation limits: how much of a bar can be traded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field

from mismartera_core.builtin.numbers_config import NumbersConfig
from mismartera_core.services.cost_formulas import participation as participation

Numbers = tuple[float, float]
"""fraction, lot."""


class VolumeLimitConfig(NumbersConfig):
    """At most a fraction of a bar's volume; bars of unknown volume limit nothing."""

    fraction: float = Field(gt=0, le=1, description="Fraction of the volume: 0.1 is a tenth.")
    lot: float = Field(default=1.0, gt=0, description="Fills are whole numbers of so many units.")


def _volume_limit(config: VolumeLimitConfig) -> Numbers:
    return config.fraction, config.lot


CONFIGS: Mapping[str, type[NumbersConfig]] = {"volume_limit": VolumeLimitConfig}
"""Config of each model."""

PARAMETERS: Mapping[str, Callable[[Any], Numbers]] = {"volume_limit": _volume_limit}
"""Numbers of the formula from a config."""
