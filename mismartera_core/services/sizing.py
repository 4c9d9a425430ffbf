"""How many units an amount of money is."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from mismartera_core.errors import ConfigError


def units_for(amount: float | Decimal, price: float | Decimal, lot: float) -> float:
    """Units that an amount pays for at a price: whole lots, rounded down.

    Args:
        amount: Account currency, zero or more.
        price: Of a unit, above zero; NaN where none is known.
        lot: Smallest tradable number of units.

    Returns:
        Units; 0 where the amount pays for no lot, or no price is known.

    Raises:
        ConfigError: The amount is below zero or no number.
    """
    money, each = Decimal(str(amount)), Decimal(str(price))
    if not money.is_finite() or money < 0:
        raise ConfigError(
            f"units_for: expected an amount of money, zero or more, was {amount}",
            hint="`self.sell(self.units_for(amount))` sells for an amount",
        )
    if not each.is_finite() or each <= 0:
        return 0.0
    step = Decimal(str(lot))
    return float((money / (each * step)).to_integral_value(ROUND_FLOOR) * step)
