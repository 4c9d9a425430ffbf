"""Payloads of Alpaca's documents and of its own clients' tests are understood."""

import json

import pytest
from mismartera_alpaca import orders
from mismartera_alpaca.accounts import account
from shared_data import shared

from mismartera_core import Side, VenueStatus


def payloads(name):
    """Everything in a file that is an object, however deep."""

    def within(value):
        if isinstance(value, dict):
            yield value
            value = list(value.values())
        if isinstance(value, list):
            for part in value:
                yield from within(part)

    return list(within(json.loads(shared(f"conformance/brokers/alpaca/{name}.json").read_text())))


FILES = ["alpaca_py_order_routes", "alpaca_docs_oas_trading_examples"]


@pytest.mark.parametrize("name", FILES)
def test_orders(name):
    raw = [
        it for it in payloads(name) if {"client_order_id", "symbol", "status", "id"} <= it.keys()
    ]
    assert raw
    for one in raw:
        made = orders.order(one)
        assert (made.venue_id, made.client_id) == (one["id"], one["client_order_id"])
        assert made.side in Side
        assert made.status in VenueStatus
        assert len(made.legs) == len(one.get("legs") or ())
        assert made.submitted_ns > 0


def test_activities():
    raw = [it for it in payloads(FILES[1]) if it.get("activity_type") == "FILL"]
    assert raw
    for one in raw:
        made = orders.activity(one)
        assert one["id"].endswith(made.execution_id)
        assert len(made.execution_id) == 36
        assert made.at_ns > 0


def test_positions():
    raw = [
        it
        for it in payloads("alpaca_py_position_routes")
        if {"avg_entry_price", "qty"} <= it.keys()
    ]
    assert raw
    assert all(orders.position(one).quantity for one in raw)


def test_accounts():
    raw = [it for it in payloads("alpaca_py_account_routes") if "account_number" in it]
    assert raw
    assert all(account(one).cash is not None for one in raw)


@pytest.mark.parametrize(
    ("word", "filled", "status"),
    [
        ("accepted", "0", VenueStatus.PENDING),
        ("held", "0", VenueStatus.PENDING),
        ("new", "0", VenueStatus.WORKING),
        ("pending_cancel", "0", VenueStatus.WORKING),
        ("pending_cancel", "3", VenueStatus.PARTIALLY_FILLED),
        ("done_for_day", "3", VenueStatus.PARTIALLY_FILLED),
        ("brand_new", "0", VenueStatus.WORKING),
        ("filled", "10", VenueStatus.FILLED),
        ("canceled", "3", VenueStatus.CANCELLED),
        ("expired", "0", VenueStatus.EXPIRED),
        ("rejected", "0", VenueStatus.REJECTED),
        ("replaced", "0", VenueStatus.REPLACED),
    ],
)
def test_words_for_where_an_order_is(word, filled, status):
    raw = {"id": "x", "symbol": "AAPL", "side": "sell_short", "status": word, "filled_qty": filled}
    made = orders.order(raw)
    assert (made.status, made.side) == (status, Side.SELL)
