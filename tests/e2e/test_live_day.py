"""A whole day at a fake Alpaca with the real client: flat at the close, and as in a backtest."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from types import ModuleType

import pytest
from live_day import MINUTE, SECOND, live_config, play, registry
from live_oracle import desks
from real_bars import redated

from mismartera_core import Strategy, StrategyReg, hookimpl, load_run
from mismartera_core.builtin.sample_provider import SampleConfig, SampleProvider
from mismartera_core.config.settings import load_settings
from mismartera_core.model.parity import Cause
from mismartera_core.system.recorded.parity import parity
from mismartera_core.system.recorded.replaying import replay
from mismartera_core.testing import AlpacaVenue, Fault, plugin_context, session_table

SYMBOLS = ["AAPL", "FB", "GOOG", "IBM", "MSFT"]
FULL_DAY, HALF_DAY = date(2012, 10, 2), date(2012, 11, 23)
REAL = {
    "AAPL": "AAPL_2019-02-11_2019-02-15",
    "IBM": "IBM_2013-10-04_2013-10-11",
    "MSFT": "MSFT_2019-02-11_2019-02-15",
    "SPY": "SPY_2019-02-11_2019-02-15",
    "TSLA": "TSLA_2019-02-11_2019-02-15",
}
REAL_DAY, REAL_HALF_DAY = date(2019, 2, 15), date(2019, 7, 3)
VENUE = {"multiplier": 4, "prompt": True}
RISK = {"order_notional": 10_000}


__all__ = ["desks"]


@pytest.fixture(autouse=True)
def _own_place(tmp_path, monkeypatch, request):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("ALPACA_API_KEY", "PKTEST")
    monkeypatch.setenv("ALPACA_SECRET_KEY", "secret")
    request.getfixturevalue("desks")


def sample_bars(days, tmp_path):
    """Bars of the sample provider."""
    provider = SampleProvider(SampleConfig(), plugin_context(tmp_path))
    begin, end = int(days.open_ns[0]), int(days.close_ns[-1])
    return {s: provider.get_bars(s, "1m", begin, end) for s in SYMBOLS}


def real_bars(days, tmp_path):
    """Bars as they traded, of five symbols, on these days."""
    return {symbol: redated(name, days) for symbol, name in REAL.items()}


def market(day: date, tmp_path, bars_of=sample_bars):
    """Bars of five symbols from six weeks before a day, and the day's open and close."""
    days = session_table(day - timedelta(days=42), day)
    return bars_of(days, tmp_path), int(days.open_ns[-1]), int(days.close_ns[-1])


def trade(venue: AlpacaVenue, close_ns: int, **how):
    config = live_config(
        venue, sorted(venue.tape.bars), risk=[{"name": "standard", "config": RISK}]
    )
    config["strategies"] = [
        {"name": "opening_range_breakout", "params": {"shares": 10}, "flat_by_close": 5}
    ]
    return play(venue, config, until_ns=close_ns + 30 * SECOND, **how)


@pytest.mark.parametrize(
    ("day", "bars_of"),
    [
        pytest.param(FULL_DAY, sample_bars, id="full day"),
        pytest.param(HALF_DAY, sample_bars, id="half day"),
        pytest.param(REAL_DAY, real_bars, id="full day of real bars"),
        pytest.param(REAL_HALF_DAY, real_bars, id="half day of real bars"),
    ],
)
def test_a_day_ends_flat_to_the_cent_and_as_the_backtest_does(day, bars_of, tmp_path):
    bars, open_ns, close_ns = market(day, tmp_path, bars_of)
    with AlpacaVenue(bars, start_ns=open_ns - MINUTE, **VENUE) as venue:
        made = trade(venue, close_ns)
        fills, run = made.ran.fills, made.ran
        assert len(fills) >= 4
        assert not any(venue.ledger.position(symbol) for symbol in bars)
        assert Decimal(str(run.summary["ending_equity"])) == venue.ledger.cash
        assert fills.filled_at.max().value < close_ns
        assert len(venue.book.fills) == len(fills)
        assert not fills["slippage"].any()
    plugins = registry()
    found = parity(made.folder, load_settings(), plugins)
    assert found.parity.differences == ()
    assert found.parity.paired == found.parity.orders
    again = replay(made.folder, load_settings(), plugins)
    assert again.difference == ""
    assert load_run(made.folder).trade_hash == run.trade_hash


class Appointment(Strategy):
    """Buys at the twentieth bar, one share or two by its close, and leaves twenty bars later."""

    def on_bar(self, bar):
        number = (bar.ts - self.open_ns) // MINUTE
        if number == 20:
            self.buy(1 + round(bar.close * 100) % 2)
        elif number == 40:
            self.close()


def test_what_went_wrong_on_a_day_is_what_parity_names(tmp_path):
    bars, open_ns, close_ns = market(HALF_DAY, tmp_path)
    at = open_ns + 20 * MINUTE
    plugin = ModuleType("appointment")
    strategy = type("Appointment", (Appointment,), {"open_ns": open_ns})

    @hookimpl
    def mismartera_strategies():
        return [StrategyReg(name="appointment", factory=strategy)]

    plugin.mismartera_strategies = mismartera_strategies
    with AlpacaVenue(bars, start_ns=open_ns - MINUTE, **VENUE) as venue:
        close = float(bars["MSFT"].close[bars["MSFT"].ts == at][0])

        def go_wrong():
            venue.tape.late("AAPL", at, 20)
            # The third order: FB and GOOG are before it, AAPL's bar is late.
            no_money = Fault.status(403, "insufficient buying power")
            venue.faults.on("POST /orders", no_money, after=2)
            correct = partial(venue.revise, "MSFT", at, close=close - 0.01)
            venue.at(at + MINUTE + 30 * SECOND, correct)

        config = live_config(venue, SYMBOLS)
        config["strategies"] = [{"name": "appointment"}]
        until = close_ns + 30 * SECOND
        made = play(venue, config, until_ns=until, before=go_wrong, plugins={"ours": plugin})
    found = parity(made.folder, load_settings(), registry(ours=plugin)).parity
    causes = {(each.symbol, each.side): each.cause for each in found.differences}
    assert causes["AAPL", "buy"] is Cause.BAR_LATE
    assert causes["IBM", "buy"] is Cause.VENUE_REJECT
    assert causes["MSFT", "buy"] is Cause.BAR_REVISED
    assert not {symbol for symbol, _ in causes} & {"FB", "GOOG"}
    assert Cause.UNEXPLAINED not in causes.values()
