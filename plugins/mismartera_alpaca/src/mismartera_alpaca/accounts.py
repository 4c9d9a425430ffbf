"""The account, as Alpaca tells of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mismartera_alpaca.orders import amount
from mismartera_core import VenueAccount

_PAPER = "PA"
"""How the numbers of paper accounts begin."""
_BLOCKS = ("trading_blocked", "account_blocked", "trade_suspended_by_user")


def account(raw: dict[str, Any]) -> VenueAccount:
    """An account; whether it is paper is told by its number, not by what a config says.

    Args:
        raw: As Alpaca sends it.

    Raises:
        KeyError: It is no account.
        ValueError: It is no account.
        TypeError: It is no account.
    """
    number = str(raw["account_number"])
    status = str(raw.get("status") or "ACTIVE")
    reasons = [name.replace("_", " ") for name in _BLOCKS if raw.get(name)]
    if status != "ACTIVE":
        reasons.append(f"its status is {status}")
    return VenueAccount(
        account_id=number,
        paper=number.startswith(_PAPER),
        currency=str(raw.get("currency") or "USD"),
        cash=_money(raw, "cash"),
        equity=_money(raw, "equity"),
        buying_power=_money(raw, "buying_power"),
        multiplier=amount(raw.get("multiplier")) or Decimal(1),
        shorting=bool(raw.get("shorting_enabled")),
        blocked=", ".join(reasons),
        day_trades=raw.get("daytrade_count"),
        # Gone from Alpaca's answers since July 2026: then the date says it.
        pdt_applies=raw.get("pattern_day_trader"),
    )


def _money(raw: dict[str, Any], name: str) -> Decimal:
    found = amount(raw[name])
    if found is None:
        raise ValueError(f"an account without {name}")
    return found
