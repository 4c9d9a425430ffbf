"""Indicators of trades: by hand, and as strategies see them in whole and in paced sessions."""

from __future__ import annotations

import numpy as np
import pytest
from engine_sessions import HOUR, OPEN, session, some_ticks
from mismartera_indicators import plugin
from mismartera_indicators.trades import cumulative_delta

from mismartera_core import (
    BarColumns,
    ConfigError,
    DataProvider,
    PortfolioStrategy,
    ProviderCapabilities,
    Signals,
    SignalStrategy,
    Strategy,
    TickColumns,
    backtest,
    interval_ns,
)
from mismartera_core.services.bar_aggregation import ticks_to_bars
from mismartera_core.testing import sessions_of, ticks_of, to_frame, walk_bars

MINUTE, DAY = interval_ns("1m"), interval_ns("1d")
NAN = float("nan")


def ticks(*rows):
    """Trades of (minutes, price, size)."""
    at, price, size = np.array(rows, dtype=float).reshape(-1, 3).T
    return TickColumns((at * MINUTE).astype(np.int64), price, size)


def minutes(*numbers, session=None):
    ones = np.ones(len(numbers))
    ts = np.array(numbers, dtype=np.int64) * MINUTE
    return BarColumns.build(ts, *[ones] * 5, interval_ns=MINUTE, session=session)


@pytest.mark.parametrize(
    ("what", "bars", "trades", "value", "delta"),
    [
        ("the first is unknown", minutes(0), [(0, 10, 5)], [0], [0]),
        ("up and down", minutes(0), [(0, 10, 5), (0.1, 11, 3), (0.2, 10, 1)], [2], [2]),
        (
            "an equal price goes by the last different one",
            minutes(0, 1),
            [(0, 10, 5), (0.1, 10, 4), (0.2, 9, 3), (0.3, 9, 2), (1.5, 9, 1)],
            [-5, -6],
            [-5, -1],
        ),
        (
            "a trade at the close is the next bar's",
            minutes(0, 1),
            [(0, 10, 1), (1, 11, 7), (2, 12, 9)],
            [0, 7],
            [0, 7],
        ),
        (
            "nothing is known before the first",
            minutes(0, 1, 2),
            [(1.5, 10, 1), (2.5, 9, 2)],
            [NAN, 0, -2],
            [NAN, 0, -2],
        ),
        (
            "trades without a bar are in the sum",
            minutes(0, 3),
            [(0, 10, 1), (1.5, 11, 4), (3.5, 12, 2)],
            [0, 6],
            [0, 2],
        ),
        (
            "history has no trades",
            minutes(-9, -8, 0, 1, session=[0, 0, 1, 1]),
            [(0, 10, 1), (0.5, 11, 4)],
            [NAN, NAN, 4, 4],
            [NAN, NAN, 4, 0],
        ),
        (
            "an unknown size",
            minutes(0, 1, 2),
            [(0, 10, 1), (0.5, 11, 2), (1.5, 12, NAN), (2.5, 13, 2)],
            [2, NAN, NAN],
            [2, NAN, 2],
        ),
        ("no trade", minutes(0, 1), [], [NAN, NAN], [NAN, NAN]),
        ("no bar", minutes(), [(0, 10, 1)], [], []),
    ],
)
def test_the_tick_rule_by_hand(what, bars, trades, value, delta):
    found = cumulative_delta(bars, ticks(*trades))
    np.testing.assert_array_equal(found["value"], np.array(value, dtype=float), what)
    np.testing.assert_array_equal(found["delta"], np.array(delta, dtype=float), what)


def naive(bars, trades):
    """Sums at each bar, trade by trade."""
    value, delta, sign, last = [], [], 0.0, None
    signed = []
    for price in trades.price.tolist():
        if last is not None and price != last:
            sign = 1.0 if price > last else -1.0
        last = price
        signed.append(sign)
    for ts, close in zip(bars.ts.tolist(), bars.available_at.tolist(), strict=True):
        rows = list(zip(trades.ts.tolist(), signed, trades.size.tolist(), strict=True))
        known = [(at, s * size) for at, s, size in rows if at < close]
        value.append(sum(x for _, x in known) if known else NAN)
        delta.append(sum(x for at, x in known if at >= ts) if known else NAN)
    return value, delta


@pytest.mark.parametrize("seed", range(3))
def test_it_equals_a_loop_over_trades(seed):
    bars = walk_bars(sessions_of([40]), seed=seed, missing=0.2, idle=0.2)
    trades = ticks_of(bars, seed=seed)
    found = cumulative_delta(bars, trades)
    for name, expected in zip(("value", "delta"), naive(bars, trades), strict=True):
        np.testing.assert_allclose(found[name], expected, rtol=1e-12, atol=1e-9)


class Trading(DataProvider):
    """Minutes and trades of six half hours: the same trades, shifted by days, other sizes."""

    def __init__(self, config, context):
        every = some_ticks()
        first = every.slice(*np.searchsorted(every.ts, (OPEN, OPEN + HOUR // 2)).tolist())
        parts = [
            TickColumns(first.ts + day * DAY, first.price, first.size + day) for day in range(4)
        ]
        fields = ("ts", "price", "size")
        self.trades = TickColumns(*(np.concatenate([getattr(p, f) for p in parts]) for f in fields))
        # One trade at the end of a bar.
        self.trades.ts[50] -= self.trades.ts[50] % MINUTE
        self.trades.ts.sort()
        opens = OPEN + DAY * np.arange(4)
        self.minutes = ticks_to_bars(self.trades, MINUTE, opens, opens + HOUR)

    def symbols(self):
        return ["IBM", "MSFT"]

    def get_bars(self, symbol, interval, start_ns, end_ns):
        return self.minutes.slice(*np.searchsorted(self.minutes.ts, (start_ns, end_ns)).tolist())

    def get_ticks(self, symbol, start_ns, end_ns):
        trades = self.trades
        made = trades.slice(*np.searchsorted(trades.ts, (start_ns, end_ns)).tolist())
        return made if symbol == "IBM" else TickColumns(made.ts, made.price, made.size * 2.0)


PROVIDER = (Trading, ProviderCapabilities(bars=("1m",), ticks=True))
DAYS = {"start_date": "2012-10-01", "end_date": "2012-10-04"}
STREAMS = {"symbols": ["IBM", "MSFT"], "streams": ["bars_1m", "ticks"]}
ALL = {"historical": {"data": [{"trailing_days": "all", "apply_to": "all", "intervals": ["1m"]}]}}
WAYS = {
    "whole": ({}, {}),
    "whole with all history": ({}, ALL),
    "blocks of one session": ({"prefetch_days": 1}, ALL),
    "paced": ({"speed_multiplier": 1e6}, {}),
    "paced with all history": ({"speed_multiplier": 1e6}, ALL),
}


def event_by_event(seen):
    class Watching(Strategy):
        def setup(self):
            self.sum = self.indicator("cumulative_delta")
            self.delta = self.sum.delta
            self.fives = self.indicator("cumulative_delta", interval="5m").delta
            self.median = self.indicator("medprice")

        def on_session_start(self):
            assert np.isnan(self.sum.values).all()

        def on_bar(self, bar):
            found = (self.sum.value, self.delta.value, self.fives.value, self.median.value)
            seen.append((self.symbol, bar.available_ns, *found, float(self.sum.values[-1])))

    return Watching


def all_at_once(seen):
    class Watching(PortfolioStrategy):
        def setup(self):
            self.sum = self.indicator("cumulative_delta")
            self.delta = self.sum.delta

        def on_step(self, step):
            seen.append((*self.sum.value.tolist(), *self.delta.value.tolist()))

    return Watching


def watched(kind, way):
    seen = []
    days, data = WAYS[way]
    run_of(kind(seen), {**DAYS, **days}, {**STREAMS, **data})
    return seen


def run_of(strategy, days, data):
    session(strategy, days, PROVIDER, data=data, plugins={"indicators": plugin}).run()


@pytest.fixture(autouse=True)
def _own_runtime(tmp_path, monkeypatch):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))


@pytest.mark.parametrize("kind", [event_by_event, all_at_once])
@pytest.mark.parametrize("way", list(WAYS)[1:])
def test_every_way_of_running_shows_the_same_values(kind, way):
    whole, other = (np.array(watched(kind, each), dtype=object) for each in ("whole", way))
    assert len(whole) > 100
    if kind is event_by_event:
        np.testing.assert_array_equal(whole[:, 0], other[:, 0])
        whole, other = whole[:, 1:], other[:, 1:]
    np.testing.assert_array_equal(whole.astype(float), other.astype(float))


def test_values_are_those_of_the_sessions_trades():
    provider = Trading(None, None)
    expected = []
    for day in range(4):
        span = OPEN + day * DAY, OPEN + day * DAY + HOUR
        bars = provider.get_bars("IBM", "1m", *span)
        expected += zip(*naive(bars, provider.get_ticks("IBM", *span)), strict=True)
    rows = [row for row in watched(event_by_event, "whole with all history") if row[0] == "IBM"]
    assert len(rows) == len(expected) > 100
    np.testing.assert_array_equal([row[2:4] for row in rows], expected)
    assert all(row[2] == row[6] for row in rows)


def test_without_trades_the_config_is_refused_in_one_sentence():
    streams = {"symbols": ["IBM"], "streams": ["bars_1m"]}
    with pytest.raises(ConfigError) as raised:
        run_of(event_by_event([]), DAYS, streams)
    assert str(raised.value) == (
        "indicator 'cumulative_delta' needs trades: add \"ticks\" to session_data_config.streams"
    )


def test_a_frame_of_bars_has_no_trades():
    frame = to_frame(walk_bars(sessions_of([30])))
    with pytest.raises(ConfigError, match="needs trades"):
        backtest(frame, event_by_event([]), cash=1000)


def test_a_signal_strategy_is_told_that_it_has_no_trades():
    class Signalling(SignalStrategy):
        def signals(self, bars, indicators):
            return Signals(indicators("cumulative_delta"))

    with pytest.raises(ConfigError, match="a SignalStrategy is a function of bars"):
        run_of(Signalling, DAYS, STREAMS)
