"""{{ cookiecutter.name }} keeps the promises of its kind, and its own."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from mismartera_core import BrokerReg, Executed, OrderTerms, OrderType, Side
from mismartera_core.testing import live_day, market_bars, session_table

from {{ cookiecutter.name }} import messages
from {{ cookiecutter.name }}.fake import KEY, Fake{{ cookiecutter.__class }}
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


def test_its_live_session_trades_at_the_fake_venue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way: bars, strategy, risk, journal, orders, executions, flat before the close."""
    config = json.loads((Path(__file__).parents[1] / "live.json").read_text(encoding="utf-8"))
    days = session_table(date(2024, 6, 3), date(2024, 7, 3))
    bars = market_bars(config["session_data_config"]["symbols"], days)
    monkeypatch.setenv("{{ cookiecutter.name | upper }}_KEY", KEY)
    with Fake{{ cookiecutter.__class }}() as venue:
        config["broker"]["config"] = {"url": venue.url, "events_url": venue.events_url}
        run = live_day(config, bars, tmp_path, venue=venue)
    assert len(run.fills) == len(venue.book.booked) > 0
    assert not any(venue.book.held.values())


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
