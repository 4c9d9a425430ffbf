"""Ticks and quotes: each once, in order, beside bars; historical indicators of a session."""

import numpy as np
import pandas as pd
import pytest
from engine_sessions import HOUR, OPEN, fine_bars, session, some_ticks

from mismartera_core import (
    BarColumns,
    ConfigError,
    DataProvider,
    PortfolioStrategy,
    ProviderCapabilities,
    QuoteColumns,
    Signals,
    SignalStrategy,
    Strategy,
    StrategyError,
    interval_ns,
)
from mismartera_core.builtin.sample_provider import load_daily
from mismartera_core.services.bar_aggregation import aggregate

ONE_DAY = {"start_date": "2012-10-01", "end_date": "2012-10-01"}
WAYS = [{}, {"speed_multiplier": 1e6}]
CLOSE = OPEN + 13 * HOUR // 2


@pytest.fixture(autouse=True)
def _own_runtime(tmp_path, monkeypatch):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))


def few_ticks():
    ticks = some_ticks()
    return ticks.slice(*np.searchsorted(ticks.ts, (OPEN - HOUR, OPEN + HOUR)).tolist())


def some_quotes():
    rng = np.random.default_rng(5)
    ts = np.sort(rng.integers(OPEN - HOUR, OPEN + HOUR, 300))
    ts[::7] -= ts[::7] % interval_ns("1m")  # some stand at the end of a bar
    ts.sort()
    bid = 100 + np.cumsum(rng.integers(-2, 3, 300)) * 0.01
    return QuoteColumns(ts, bid, bid + 0.01, np.full(300, 5.0), np.full(300, 7.0))


class Everything(DataProvider):
    """Minutes, ticks and quotes, from before the open on."""

    def __init__(self, config, context):
        bars = fine_bars()
        anchor = np.array([OPEN - HOUR])
        self.minutes = aggregate(bars, interval_ns("1m"), anchor, anchor + 10 * HOUR)

    def symbols(self):
        return ["IBM"]

    def get_bars(self, symbol, interval, start_ns, end_ns):
        rows = np.searchsorted(self.minutes.ts, (start_ns, min(end_ns, OPEN + HOUR)))
        return self.minutes.slice(*rows.tolist())

    def get_ticks(self, symbol, start_ns, end_ns):
        ticks = few_ticks()
        return ticks.slice(*np.searchsorted(ticks.ts, (start_ns, end_ns)).tolist())

    def get_quotes(self, symbol, start_ns, end_ns):
        quotes = some_quotes()
        return quotes.slice(*np.searchsorted(quotes.ts, (start_ns, end_ns)).tolist())


PROVIDER = (Everything, ProviderCapabilities(bars=("1m",), ticks=True, quotes=True))
STREAMS = {"streams": ["bars_1m", "ticks", "quotes"]}


def listener(seen):
    class Listening(Strategy):
        def on_bar(self, bar):
            self.note("bar", bar.available_ns, bar.close)

        def on_tick(self, tick):
            self.note("tick", tick.ts, tick.price)

        def on_quote(self, quote):
            self.note("quote", quote.ts, quote.ask)

        def note(self, kind, known, value):
            assert self.symbol == "IBM"
            seen.append((known, kind, value, len(self.bars()), len(self.bars("5m"))))
            assert pd.Timestamp(known, tz="UTC").floor("us") == self.now

    return Listening


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_every_tick_and_quote_once_and_in_order(way):
    seen = []
    session(listener(seen), {**ONE_DAY, **way}, PROVIDER, data=STREAMS).run()
    assert [row[0] for row in seen] == sorted(row[0] for row in seen)
    ticks, quotes = few_ticks(), some_quotes()
    for kind, stream, values in (("tick", ticks, ticks.price), ("quote", quotes, quotes.ask)):
        inside = (stream.ts >= OPEN) & (stream.ts < CLOSE)
        expected = list(zip(stream.ts[inside].tolist(), values[inside].tolist(), strict=True))
        assert [(row[0], row[2]) for row in seen if row[1] == kind] == expected
    assert sum(row[1] == "bar" for row in seen) == 60


def test_step_frames_show_what_whole_frames_show():
    notes = []
    for way in WAYS:
        seen = []
        session(listener(seen), {**ONE_DAY, **way}, PROVIDER, data=STREAMS).run()
        notes.append(seen)
    assert len(notes[0]) > 500
    assert notes[0] == notes[1]


def test_a_bar_comes_before_the_events_of_the_same_instant():
    seen = []
    session(listener(seen), ONE_DAY, PROVIDER, data=STREAMS).run()
    ties = [kinds for kinds in _by_instant(seen) if len(set(kinds)) > 1]
    assert ties
    assert all(kinds[0] == "bar" for kinds in ties if "bar" in kinds)


def _by_instant(seen):
    kinds = {}
    for row in seen:
        kinds.setdefault(row[0], []).append(row[1])
    return kinds.values()


def test_streams_that_are_not_asked_for_are_silent():
    seen = []
    session(listener(seen), ONE_DAY, PROVIDER).run()
    assert {row[1] for row in seen} == {"bar"}


class Trades(Strategy):
    """Buys at every fortieth tick."""

    count = 0

    def on_tick(self, tick):
        self.count += 1
        if self.count % 40 == 0:
            self.buy(1)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_orders_of_ticks_fill_at_bars_alike(way):
    whole = session(Trades, ONE_DAY, PROVIDER, data=STREAMS).run()
    run = session(Trades, {**ONE_DAY, **way}, PROVIDER, data=STREAMS).run()
    assert len(whole.fills) > 5
    assert run.trade_hash == whole.trade_hash
    pd.testing.assert_frame_equal(run.equity, whole.equity)


AVERAGE = {
    "type": "trailing_average",
    "field": "volume",
    "period": "10d",
    "granularity": "daily",
}


def history(trailing=None, **changes):
    data = [] if trailing is None else [{**BARS, "trailing_days": trailing}]
    indicators = {"usual": {**AVERAGE, **changes}}
    return {"historical": {"data": data, "indicators": indicators}}


BARS = {"apply_to": "all", "intervals": ["1m"]}


def naive(symbol, days, column="volume", length=10):
    """The mean of the daily bars before each day; NaN where there are fewer."""
    real = load_daily()[symbol]
    at = ["open", "high", "low", "close", "volume"].index(column)
    rows = {d: i for i, d in enumerate(real.day.tolist())}
    found = []
    for day in days:
        row = rows[(day - type(day)(1970, 1, 1)).days]
        before = real.bars[max(row - length, 0) : row, at]
        found.append(float(np.mean(before)) if len(before) == length else np.nan)
    return found


@pytest.mark.parametrize("prefetch", [1, 4])
@pytest.mark.parametrize("interval", ["1d", "1m"])
@pytest.mark.parametrize(("column", "period"), [("volume", "10d"), ("close", "3d")])
def test_a_trailing_average_is_that_of_the_days_before(column, period, interval, prefetch):
    seen, whole = [], []

    class One(Strategy):
        def on_session_start(self):
            seen.append((self.symbol, self.historical("usual")))

    class All(PortfolioStrategy):
        def on_session_start(self):
            whole.append(self.historical("usual").tolist())

    days = {"start_date": "2000-03-09", "end_date": "2000-03-17", "prefetch_days": prefetch}
    symbols = ["IBM", "MSFT"]
    data = {
        "symbols": symbols,
        "streams": [f"bars_{interval}"],
        **history(field=column, period=period),
    }
    run = session(One, days, data=data).run()
    sessions = run.record.sessions
    session(All, days, data=data).run()
    length = int(period[:-1])
    for symbol, column_seen in zip(symbols, zip(*whole, strict=True), strict=True):
        expected = naive(symbol, sessions, column, length)
        assert np.isnan(expected).any() == (period == "10d")
        found = [value for name, value in seen if name == symbol]
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        np.testing.assert_array_equal(found, column_seen)


def test_a_day_without_a_bar_counts_alike_in_blocks_of_any_size():
    """Five weekdays, one of them without a bar: no average over it, however much is loaded."""

    class Gap(Everything):
        def get_bars(self, symbol, interval, start_ns, end_ns):
            day = interval_ns("1d")
            days = OPEN + np.arange(30) * day
            keep = np.arange(30) != 8
            stamps = days[keep & (days >= start_ns) & (days < end_ns)]
            ones = np.ones(len(stamps))
            return BarColumns.build(stamps, *[ones] * 4, stamps / 1e18, interval_ns=60)

    found = []
    for prefetch in (1, 3, 9):
        seen = found.append([]) or found[-1]

        class One(Strategy):
            def on_session_start(self, seen=seen):
                seen.append((self.now.day, self.historical("usual")))

        days = {"start_date": "2012-10-08", "end_date": "2012-10-19", "prefetch_days": prefetch}
        session(One, days, (Gap, PROVIDER[1]), data=history(period="3d")).run()
    assert np.isnan([value for _, value in found[0]]).tolist()[:5] == [False] * 2 + [True] * 3
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)


def test_a_historical_indicator_that_the_config_lacks_names_those_it_has():
    class Asks(Strategy):
        def on_bar(self, bar):
            self.historical("usuall")

    with pytest.raises(ConfigError, match="'usuall'") as raised:
        session(Asks, data=history()).run()
    assert "usual" in raised.value.hint


def test_a_historical_indicator_is_not_known_in_the_first_setup():
    class Asks(Strategy):
        def setup(self):
            self.historical("usual")

    with pytest.raises(ConfigError, match="from on_session_start on"):
        session(Asks, data=history()).run()


@pytest.mark.parametrize(("trailing", "status"), [(0, "rejected"), (2, "filled")])
def test_the_last_close_of_history_values_the_first_orders(trailing, status):
    class AtStart(Strategy):
        def on_session_start(self):
            self.buy(1)

    broker = {"name": "simulated", "config": {"cash": "100000", "leverage": 1.0}}
    data = history(trailing, period="2d") if trailing else {}
    signals = session(AtStart, ONE_DAY, data=data, broker=broker).run().signals
    assert signals["status"].tolist() == [status]


def test_what_a_strategy_raises_or_writes_in_signals_names_it():
    class Writes(SignalStrategy):
        def signals(self, bars, indicators):
            bars.close[:] = 1.0
            return Signals(bars.close)

    with pytest.raises(StrategyError, match="'mine' on IBM raised ValueError in signals") as raised:
        session(Writes, ONE_DAY).run()
    assert "bars.close[:] = 1.0" in raised.value.hint


@pytest.mark.parametrize("prefetch", [1, 3])
@pytest.mark.parametrize("trailing", [0, 1, 2])
def test_a_long_average_does_not_lengthen_what_strategies_are_shown(trailing, prefetch):
    seen = []

    class Counts(Strategy):
        def on_session_start(self):
            seen.append((len(self.bars()), self.historical("usual") > 0))

    days = {"start_date": "2012-10-01", "end_date": "2012-10-04", "prefetch_days": prefetch}
    session(Counts, days, data=history(trailing, period="5d")).run()
    assert seen == [(390 * trailing, True)] * 4
