"""The broker: works orders and tells the engine what became of them."""

from __future__ import annotations

from mismartera_core import (
    PluginContext,
    SimulatedBroker,
    SimulatedConfig,
    WorkingOrder,
    interval_ns,
)
from pydantic import Field

SECOND = interval_ns("1m") // 60


class {{ cookiecutter.__class }}Config(SimulatedConfig):
    """What a session config can set, beside the cash, the leverage and the lot."""

    delay: float = Field(default=0.0, ge=0, description="Seconds until an order can fill.")


class {{ cookiecutter.__class }}(SimulatedBroker):
    """Fills orders as the simulated broker does, from bars that open after the delay."""

    def __init__(self, config: {{ cookiecutter.__class }}Config, context: PluginContext) -> None:
        super().__init__(config, context)
        self._delay = round(config.delay * SECOND)

    def submit(self, order: WorkingOrder) -> None:
        """Take an order that the engine has accepted.

        Args:
            order: It fills from bars that open at `from_ns`, nanoseconds UTC, or later.
        """
        order.from_ns += self._delay
        super().submit(order)
