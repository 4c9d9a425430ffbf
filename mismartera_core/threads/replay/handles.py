"""Indicator handles: the value now in one attribute, the rest on demand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mismartera_core.errors import ConfigError, did_you_mean
from mismartera_core.model.columns import FloatArray
from mismartera_core.store.frame import Need, Track

if TYPE_CHECKING:
    from mismartera_core.threads.replay.unit import Unit


class Handle:
    """One output of an indicator, in a strategy's hands.

    Attributes:
        value: At the newest bar; NaN until warmed up.
        need: The indicator.
        output: The output.
    """

    __slots__ = ("_unit", "need", "output", "value")

    def __init__(self, unit: Unit, need: Need, output: str) -> None:
        self.value = math.nan
        self._unit = unit
        self.need = need
        self.output = output

    @property
    def values(self) -> FloatArray:
        """History and session up to now, newest last."""
        return self._unit.values_of(self.need, self.output)

    def bring_up(self) -> None:
        """Stand at the newest bar."""
        values = self.values
        self.value = values.item(-1) if len(values) else math.nan

    def __getattr__(self, output: str) -> Handle:
        if output.startswith("_"):
            raise AttributeError(output)
        return self._unit.handle(self.need, output)


def check_output(output: str, outputs: tuple[str, ...], name: str) -> None:
    """Refuse an output that an indicator does not have.

    Raises:
        ConfigError: It has no such output.
    """
    if output not in outputs:
        raise ConfigError(
            f"indicator {name!r} has no output {output!r}", hint=did_you_mean(output, outputs)
        )


def aligned(values: FloatArray, source: Track, driver: Track, start: int) -> FloatArray:
    """Values of an indicator at the rows [start, stop) of the bars a unit listens to.

    Args:
        values: One value for each row of the source from `hist` on.
        source: The bars the indicator is computed on.
        driver: The bars the unit listens to.
        start: First row of the driver that is wanted.
    """
    if source is driver:
        return values[start - driver.hist : driver.stop - driver.hist]
    if driver.stop == start:
        return values[:0]
    newest = source.stop - source.hist
    if driver.stop - start == 1 and newest:  # one step: the newest value, where it is known
        known_ns = source.columns.available_at[source.stop - 1]
        if known_ns <= driver.columns.available_at[start]:
            return values[newest - 1 : newest]
    known = source.columns.available_at[source.hist : source.stop]
    instants = driver.columns.available_at[start : driver.stop]
    rows = np.searchsorted(known, instants, side="right") - 1
    if len(values) == 0:
        return np.full(len(rows), math.nan)
    values = values[: source.stop - source.hist]
    return np.where(rows >= 0, values[np.maximum(rows, 0)], math.nan)
