"""What Alpaca says of halts, of borrowing and of the account."""

import pytest
from mismartera_alpaca import accounts
from mismartera_alpaca.data_line import _status

from mismartera_core import StreamedStatus


def test_what_is_hard_to_borrow_is_not_sold_short(venue, broker):
    venue.hard_to_borrow.add("MSFT")
    assert broker.easy_to_borrow(("AAPL", "MSFT", "ZZZZ")) == ["AAPL"]
    venue.hard_to_borrow.clear()
    assert broker.easy_to_borrow(("MSFT",)) == []  # the list of a day is asked for once


@pytest.mark.parametrize(
    ("code", "halted"),
    [("T", False), ("7", False), ("H", True), ("P", True), ("Q", True), ("2", True), ("?", True)],
)
def test_only_what_trades_is_not_halted(code, halted):
    said = _status("AAPL", [{"sc": "H"}, {"sc": code, "sm": "Words", "rc": "T1"}])
    assert said == StreamedStatus("AAPL", "Words (T1)" if halted else "")


def test_day_trades_are_what_alpaca_says_as_long_as_it_does(venue, broker):
    raw = {"account_number": "PA1", "cash": "1", "equity": "1", "buying_power": "1"}
    assert (accounts.account(raw).day_trades, accounts.account(raw).pdt_applies) == (None, None)
    old = accounts.account({**raw, "daytrade_count": 2, "pattern_day_trader": False})
    assert (old.day_trades, old.pdt_applies) == (2, False)
