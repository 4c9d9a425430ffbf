"""The risk check: the last word before an order leaves."""

from __future__ import annotations

from mismartera_core import AccountView, OrderRequest, PluginContext
from pydantic import BaseModel, ConfigDict, Field


class {{ cookiecutter.__class }}Config(BaseModel):
    """What a session config can set."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    units: float = Field(default=1000.0, gt=0, description="The largest order.")


class {{ cookiecutter.__class }}:
    """Refuses large orders; one that only reduces a position always passes."""

    def __init__(self, config: {{ cookiecutter.__class }}Config, context: PluginContext) -> None:
        self._config = config

    def check(self, request: OrderRequest, account: AccountView) -> str | None:
        """The reason of a refusal, or None where the order may leave."""
        return self.refusal(request, account) if request.opens else None

    def refusal(self, request: OrderRequest, account: AccountView) -> str | None:
        """As `check`, for an order that opens or enlarges a position."""
        if request.quantity <= self._config.units:  # a quantity that is not known (NaN) is refused
            return None
        return f"order of {request.quantity:g} units is above {self._config.units:g}"
