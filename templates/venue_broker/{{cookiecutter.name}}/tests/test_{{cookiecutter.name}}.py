"""{{ cookiecutter.name }} keeps the promises of its kind, and its own."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from mismartera_core import BrokerReg, Executed, OrderTerms, OrderType, Side

from {{ cookiecutter.name }} import messages
from {{ cookiecutter.name }}.plugin import mismartera_brokers
from {{ cookiecutter.name }}.promises import Promises

ORDER = """
    {"id": "V-7", "client_id": "mine", "symbol": "AAPL", "side": "buy", "type": "limit",
     "quantity": "100", "filled": "40", "average": "187.255", "status": "partly_filled",
     "limit": "187.30", "stop": null, "reason": "", "legs": [], "replaces": "",
     "replaced_by": "", "submitted": 1, "updated": 2}
"""
EXECUTION = """
    {"id": "E-9", "order_id": "V-7", "client_id": "mine", "symbol": "AAPL", "side": "buy",
     "quantity": "40", "price": "187.255", "fee": "0.35", "at": 3}
"""
TOLD = f'{% raw %}{{{% endraw %}"type": "execution", "execution": {EXECUTION}, "order": {ORDER}{% raw %}}}{% endraw %}'
"""As your venue sends it: keep a copy of what really came."""


class Test{{ cookiecutter.__class }}(Promises):
    @pytest.fixture
    def registration(self) -> BrokerReg:
        (record,) = mismartera_brokers()
        return record


def test_an_order_is_written_as_the_venue_wants_it() -> None:
    terms = OrderTerms(
        client_id="mine",
        symbol="AAPL",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=Decimal("100"),
        limit_price=Decimal("187.30"),
    )
    sent = messages.sent(terms)
    assert (sent["side"], sent["type"], sent["time_in_force"]) == ("buy", "limit", "day")
    assert (sent["quantity"], sent["limit"], sent["stop"]) == ("100", "187.30", None)


def test_an_execution_is_read_to_the_cent() -> None:
    told = messages.event(json.loads(TOLD))
    assert isinstance(told, Executed)
    assert told.execution.price == Decimal("187.255")
    assert told.order.filled_quantity == Decimal(40)
