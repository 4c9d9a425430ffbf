"""The commission: a function of plain numbers, so that backtests can compile it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class {{ cookiecutter.__class }}Config(BaseModel):
    """What a session config can set."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    per_fill: float = Field(default=1.0, ge=0, description="Account currency a fill.")
    bps: float = Field(default=0.5, ge=0, le=1000, description="Basis points of the value.")


def numbers(config: {{ cookiecutter.__class }}Config) -> tuple[float, float]:
    """What `fee` needs of the config."""
    return config.per_fill, config.bps / 10_000.0


def fee(
    side: float,
    quantity: float,
    price: float,
    open_: float,
    high: float,
    low: float,
    close: float,
    volume: float,
    per_fill: float,
    rate: float,
) -> float:
    """The fee of one fill, account currency; arithmetic only, no state.

    Args:
        side: +1.0 buys, -1.0 sells.
        quantity: Units, positive.
        price: Price paid or received.
        open_: Open of the bar that fills.
        high: Its high.
        low: Its low.
        close: Its close.
        volume: Its volume.
        per_fill: First of `numbers`.
        rate: Second of `numbers`.
    """
    return per_fill + rate * quantity * price
