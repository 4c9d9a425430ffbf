"""One row of the tables from which indicators are registered, computed and documented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """An indicator.

    Attributes:
        name: How a config chooses it.
        params: Its class in `params`, or "module:class".
        summary: One line.
        text: Formula, units, warm-up and source of what TA-Lib computes; what is computed here
            says so beside its function.
        outputs: Names of its arrays, in the order in which TA-Lib returns them.
        talib: TA-Lib's functions, called with the same arguments; in lower case that of its name.
        module: Where its function is; "functions" makes one that calls TA-Lib.
        example: Parameters that work, where the defaults alone do not.
        ticks: Whether its function takes trades after the bars.
    """

    name: str
    params: str
    summary: str
    text: str = ""
    outputs: tuple[str, ...] = ("value",)
    talib: tuple[str, ...] = ()
    module: str = "functions"
    example: Mapping[str, Any] = field(default_factory=dict)
    ticks: bool = False

    @property
    def functions(self) -> tuple[str, ...]:
        """The names TA-Lib has for it."""
        return self.talib or (self.name.replace("_", "").upper(),)

    @property
    def config_model(self) -> str:
        """Where its parameters are."""
        module, _, name = self.params.rpartition(":")
        return f"mismartera_indicators.{module or 'params'}:{name}"
