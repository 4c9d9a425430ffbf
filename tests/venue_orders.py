"""Orders as alpaca-py sends them, and what a refusal says."""

from __future__ import annotations

import pytest
from alpaca.common.exceptions import APIError
from alpaca.trading.enums import OrderClass, OrderSide, TimeInForce
from alpaca.trading.requests import (
    LimitOrderRequest,
    MarketOrderRequest,
    StopLossRequest,
    TakeProfitRequest,
)


def market(qty=1, side=OrderSide.BUY, **words):
    words = {"symbol": "AAPL", "time_in_force": TimeInForce.DAY, **words}
    if "notional" not in words:
        words["qty"] = qty
    return MarketOrderRequest(side=side, **words)


def limit(price, qty=1, side=OrderSide.BUY, **words):
    words = {"symbol": "AAPL", "time_in_force": TimeInForce.DAY, **words}
    return LimitOrderRequest(side=side, qty=qty, limit_price=price, **words)


def bracket(qty=5, entry=None, **words):
    words = {
        "order_class": OrderClass.BRACKET,
        "take_profit": TakeProfitRequest(limit_price=105),
        "stop_loss": StopLossRequest(stop_price=97, limit_price=96.5),
        **words,
    }
    return market(qty, **words) if entry is None else limit(entry, qty, **words)


def refused(call, *arguments):
    """Status, code and words of a refusal."""
    with pytest.raises(APIError) as error:
        call(*arguments)
    return error.value.status_code, error.value.code, error.value.message
