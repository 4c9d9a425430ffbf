"""Which sessions and which bars a session config comes to, and what it says where it cannot."""

from datetime import date

import numpy as np
import pytest
from engine_sessions import DAYS, HOUR, OPEN, fine_bars, session, some_ticks

from mismartera_core import (
    BarColumns,
    DataError,
    DataProvider,
    MisMarteraError,
    ProviderCapabilities,
    Session,
    Strategy,
    interval_ns,
)
from mismartera_core.services.bar_aggregation import aggregate, ticks_to_bars


@pytest.fixture(autouse=True)
def _own_runtime(tmp_path, monkeypatch):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))


class Quiet(Strategy):
    """Does nothing."""


def sessions_of(run):
    return run.record.sessions


def test_dates_outside_the_data_name_what_they_cover():
    days = {"start_date": "2020-01-06", "end_date": "2020-01-10"}
    with pytest.raises(DataError, match="2000-03-01 to 2013-03-01") as error:
        session(Quiet, days).run()
    assert "2000-03-01" in error.value.hint


@pytest.mark.parametrize(
    ("start", "end", "first", "last", "note"),
    [
        ("2000-02-14", "2000-03-02", date(2000, 3, 1), date(2000, 3, 2), "begin 2000-03-01"),
        ("2013-02-28", "2013-03-08", date(2013, 2, 28), date(2013, 3, 1), "end 2013-03-01"),
    ],
)
def test_sessions_outside_the_data_are_left_out_and_said(start, end, first, last, note):
    run = session(Quiet, {"start_date": start, "end_date": end}).run()
    assert (sessions_of(run)[0], sessions_of(run)[-1]) == (first, last)
    assert any(note in line for line in run.record.notes)


def test_backtest_days_count_back_from_the_newest_data():
    run = session(Quiet, {"backtest_days": 3}).run()
    assert sessions_of(run) == (date(2013, 2, 27), date(2013, 2, 28), date(2013, 3, 1))


def test_more_backtest_days_than_there_are_data_take_what_there_is():
    data = {"streams": ["bars_1d"]}
    run = session(Quiet, {"backtest_days": 9000}, data=data).run()
    assert sessions_of(run)[0] == date(2000, 3, 1)
    assert any("the data hold no more" in line for line in run.record.notes)


@pytest.mark.parametrize(
    ("data", "strategy", "words"),
    [
        ({"symbols": ["IBMM"]}, {}, ("'IBMM'", "IBM")),
        ({"streams": ["bars_30s"]}, {}, ("streams", "bars_1m")),
        ({"streams": ["bars_5m"]}, {"interval": "7m"}, ("7m", "5m")),
        ({"streams": ["ticks"]}, {}, ("streams", "bars_1m")),
    ],
)
def test_what_cannot_be_had_is_one_sentence(data, strategy, words):
    with pytest.raises(MisMarteraError) as error:
        session(Quiet, data=data, strategies=[{"name": "mine", **strategy}]).run()
    text = f"{error.value} {error.value.hint}"
    assert all(word in text for word in words), text
    assert "\n" not in str(error.value).strip()


class Finer(DataProvider):
    """Has bars of a second, and of an hour."""

    def __init__(self, config, context):
        self.bars = {"1s": fine_bars()}

    def symbols(self):
        return ["IBM"]

    def get_bars(self, symbol, interval, start_ns, end_ns):
        bars = self.bars[interval]
        return bars.slice(*np.searchsorted(bars.ts, (start_ns, end_ns)).tolist())


class Ticks(DataProvider):
    """Has ticks only."""

    def __init__(self, config, context):
        pass

    def symbols(self):
        return ["IBM"]

    def get_bars(self, symbol, interval, start_ns, end_ns):
        raise AssertionError("it has no bars")

    def get_ticks(self, symbol, start_ns, end_ns):
        ticks = some_ticks()
        return ticks.slice(*np.searchsorted(ticks.ts, (start_ns, end_ns)).tolist())


def collector(seen):
    class Collect(Strategy):
        def on_bar(self, bar):
            prices = (bar.open, bar.high, bar.low, bar.close, bar.volume)
            seen.append((bar.ts, *prices, bar.available_ns))

    return Collect


def rows(bars):
    fields = ("ts", "open", "high", "low", "close", "volume", "available_at")
    return list(zip(*(getattr(bars, f).tolist() for f in fields), strict=True))


@pytest.mark.parametrize("interval", ["1m", "5m", "1h", "1d"])
@pytest.mark.parametrize("of", ["ticks", "1s"])
def test_bars_that_the_provider_lacks_are_generated(of, interval):
    made = {
        "ticks": (Ticks, ProviderCapabilities(ticks=True)),
        "1s": (Finer, ProviderCapabilities(bars=("1s",))),
    }
    opens, closes = np.array([OPEN]), np.array([OPEN + 13 * HOUR // 2])
    if of == "ticks":
        expected = ticks_to_bars(some_ticks(), interval_ns(interval), opens, closes)
    else:
        bars = fine_bars()
        inside = bars.take((bars.ts >= opens[0]) & (bars.ts < closes[0]))
        expected = aggregate(inside, interval_ns(interval), opens, closes)
    seen = []
    one_day = {"start_date": "2012-10-01", "end_date": "2012-10-01"}
    data = {"streams": [f"bars_{interval}"]}
    run = session(collector(seen), one_day, made[of], data=data).run()
    assert seen == rows(expected)
    assert any(f"{interval} bars are generated from {of}" in line for line in run.record.notes)


def test_a_providers_own_bars_go_before_generated_ones():
    hours = BarColumns.build(
        OPEN + np.arange(6) * HOUR, *[[5.0] * 6] * 4, [1.0] * 6, interval_ns=HOUR
    )

    class Both(Finer):
        def __init__(self, config, context):
            self.bars = {"1s": fine_bars(), "1h": hours}

    seen = []
    provider = (Both, ProviderCapabilities(bars=("1s", "1h")))
    session(collector(seen), DAYS, provider, data={"streams": ["bars_1h"]}).run()
    assert seen == rows(hours)


def test_each_symbol_has_the_source_that_the_provider_holds_for_it():
    hourly = aggregate(fine_bars(), HOUR, np.array([OPEN - HOUR]), np.array([OPEN + 9 * HOUR]))

    class Mixed(Finer):
        def symbols(self):
            return ["IBM", "MSFT"]

        def intervals(self, symbol):
            return ["1s"] if symbol == "IBM" else ["30m"]

        def get_bars(self, symbol, interval, start_ns, end_ns):
            assert interval == self.intervals(symbol)[0]
            if symbol == "MSFT":
                return hourly.slice(0, 0)
            return super().get_bars(symbol, interval, start_ns, end_ns)

    seen = []
    provider = (Mixed, ProviderCapabilities(bars=("1s", "30m")))
    data = {"symbols": ["IBM", "MSFT"], "streams": ["bars_30m"]}
    run = session(collector(seen), {**DAYS, "end_date": "2012-10-01"}, provider, data=data).run()
    assert len(seen) == 13
    assert any("30m bars of IBM are generated from 1s" in line for line in run.record.notes)


@pytest.mark.parametrize("kind", ["ticks", "quotes"])
def test_streams_beyond_the_providers_capabilities_are_refused(kind):
    provider = (Finer, ProviderCapabilities(bars=("1s",)))
    with pytest.raises(DataError, match=f"provider 'made' delivers no {kind}"):
        session(Quiet, DAYS, provider, data={"streams": ["bars_1m", kind]}).run()


def test_a_backtest_says_that_it_asks_no_gap_filler(tmp_path, monkeypatch):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))
    run = Session(
        {
            "session_name": "gaps",
            "exchange_group": "US_EQUITY",
            "asset_class": "EQUITY",
            "mode": "backtest",
            "backtest_config": {"start_date": "2012-10-01", "end_date": "2012-10-01"},
            "session_data_config": {
                "symbols": ["IBM"],
                "streams": ["bars_1m"],
                "gap_filler": {"name": "second_source", "config": {"provider": "sample"}},
            },
            "data_provider": {"name": "sample"},
            "strategies": [{"name": "sma_cross"}],
            "broker": {"name": "simulated", "config": {"cash": "100000"}},
        }
    ).run()
    assert any("'second_source' is not asked" in line for line in run.record.notes)
