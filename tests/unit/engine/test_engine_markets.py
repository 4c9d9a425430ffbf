"""Sessions as they really are: daily bars, other markets, gaps in the calendar and in the data."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from bars import frame, random_walk
from engine_eyes import STEPS, noting, run

from mismartera_core import DataError, MisMarteraError, PortfolioStrategy, Strategy

WAYS = [{}, STEPS, {"prefetch_days": 1}]


def walk(index, seed=0, price=100.0):
    """A random walk at any opens; everything trades."""
    rng = np.random.default_rng(seed)
    close = price + np.cumsum(rng.integers(-5, 6, len(index))) * 0.01
    open_ = np.concatenate(([price], close[:-1]))
    top, bottom = np.maximum(open_, close) + 0.02, np.minimum(open_, close) - 0.02
    return frame(index, np.column_stack([open_, top, bottom, close, np.full(len(index), 100.0)]))


def times(*spans, freq="1min"):
    """Opens of bars between instants of a zone, ends excluded."""
    zone = spans[0][2]
    parts = [
        pd.date_range(start, end, freq=freq, tz=zone, inclusive="left").as_unit("ns")
        for start, end, _ in spans
    ]
    return parts[0].append(list(parts[1:]))


def daily(stamps, zone="America/New_York"):
    return walk(pd.DatetimeIndex([pd.Timestamp(s, tz=zone) for s in stamps]).as_unit("ns"), seed=3)


WEEK = ["2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05", "2024-07-08"]


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("at", ["", " 09:30", " 16:00"])
def test_a_daily_bar_is_known_at_the_close_and_fills_at_the_next_open(at, way):
    bars = daily([f"{day}{at}" for day in WEEK])
    strategy, seen = noting(lambda s, bar: s.buy(1) and bar.timestamp.strftime("%d %H:%M"))
    run_ = run(bars, strategy, **way)
    assert [now.strftime("%d %H:%M") for _, now, _ in seen] == [
        "01 16:00",
        "02 16:00",
        "03 13:00",  # a half day
        "05 16:00",
        "08 16:00",
    ]
    assert [opened for _, _, opened in seen] == [f"{day[-2:]} 09:30" for day in WEEK]
    assert run_.fills["price"].tolist() == bars["open"].tolist()[1:]
    assert run_.fills["filled_at"].tolist() == [now for _, now, _ in seen[1:]]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_indicators_and_views_of_daily_bars(way):
    def setup(strategy):
        strategy.mean = strategy.indicator("sma", period=2)

    bars = daily(WEEK)
    look = lambda s, _: (s.mean.value, len(s.bars("1d")), float(s.equity))  # noqa: E731
    strategy, seen = noting(look, setup=setup)
    run(bars, strategy, trailing_days=3, **way)
    mean = bars["close"].rolling(2).mean().tolist()
    np.testing.assert_allclose([row[2][0] for row in seen], mean)
    assert [row[2][1] for row in seen] == [1, 2, 3, 4, 4]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_crypto_trades_around_the_clock(way):
    opens = times(("2024-03-09", "2024-03-12", "UTC"), freq="15min")
    bars = walk(opens)
    strategy, seen = noting(lambda s, _: (len(s.bars("1h")), len(s.bars("1d")), s.buy(1))[:2])
    crypto = {"exchange_group": "CRYPTO", "asset_class": "CRYPTO", "trailing_days": 0}
    run_ = run(bars, strategy, **crypto, **way)
    assert run_.record.sessions == tuple(date(2024, 3, d) for d in (9, 10, 11))
    assert [row[2] for row in seen] == [((i // 4), i // 96) for _ in range(3) for i in range(1, 97)]
    assert run_.fills["price"].tolist() == bars["open"].tolist()[1:]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_tokyo_has_lunch(way):
    zone = "Asia/Tokyo"
    day = "2024-03-11"
    opens = times((f"{day} 09:00", f"{day} 11:30", zone), (f"{day} 12:30", f"{day} 15:00", zone))
    strategy, seen = noting(lambda s, bar: (s.buy(1), len(s.bars("30m")))[1])
    tokyo = {"exchange_group": "JP_EQUITY"}
    run_ = run(walk(opens), strategy, **tokyo, **way)
    counts = {now.strftime("%H:%M"): count for _, now, count in seen}
    assert [counts[t] for t in ("11:29", "11:30", "12:31", "13:00", "15:00")] == [4, 5, 5, 6, 10]
    fills = run_.fills.set_index("order_id")["bar"].dt.strftime("%H:%M")
    assert fills[150] == "12:30"  # placed at 11:30, before lunch
    assert run_.quality["missing"].tolist() == [0]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_extended_hours_belong_to_the_session(way):
    zone, day = "America/New_York", "2024-03-11"
    bars = walk(times((f"{day} 04:00", f"{day} 20:00", zone), freq="5min"))
    strategy, seen = noting(lambda s, _: len(s.bars("1h")))
    run(bars, strategy, hours="extended", **way)
    assert [count for _, _, count in seen] == [i // 12 for i in range(1, 193)]
    regular, inside = noting(lambda s, _: len(s.bars("1h")))
    run_ = run(bars, regular, **way)
    assert [now.strftime("%H:%M") for _, now, _ in inside][:: len(inside) - 1] == ["09:35", "16:00"]
    assert run_.quality["outside"].tolist() == [len(bars) - len(inside)]


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("days", [["2024-03-08", "2024-03-11"], ["2024-11-01", "2024-11-04"]])
def test_hours_follow_the_change_of_the_clocks(days, way):
    strategy, seen = noting(lambda s, _: len(s.bars("30m")))
    run(random_walk(days, minutes=60), strategy, trailing_days=0, **way)
    assert [now.strftime("%H:%M") for _, now, _ in seen][::60] == ["09:31", "09:31"]
    assert [count for _, _, count in seen] == [i // 30 for _ in days for i in range(1, 61)]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_rows_of_a_closed_day_are_left_out_and_counted(way):
    bars = random_walk(["2024-07-03", "2024-07-04", "2024-07-05"], minutes=30)
    strategy, seen = noting(lambda s, _: None)
    run_ = run(bars, strategy, **way)
    assert {now.day for _, now, _ in seen} == {3, 5}
    assert run_.quality["outside"].tolist() == [0, 30]


def test_bars_of_closed_days_alone_are_refused():
    with pytest.raises(MisMarteraError, match="no trading day"):
        run(random_walk(["2024-07-04"], minutes=30), noting(lambda s, _: None)[0])


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_session_without_a_bar_has_its_start_and_end(way):
    seen = []

    class Counting(Strategy):
        def on_session_start(self):
            seen.append(("start", self.symbol, self.now.strftime("%d %H:%M")))

        def on_session_end(self):
            seen.append(("end", self.symbol, self.now.strftime("%d %H:%M")))

    run_ = run(random_walk(["2024-07-02", "2024-07-05"], minutes=3), Counting, **way)
    assert [row for row in seen if row[2][:2] == "03"] == [
        ("start", "SYMBOL", "03 09:30"),
        ("end", "SYMBOL", "03 13:00"),
    ]
    assert len(run_.record.sessions) == 3


def coming_and_going():
    days = ["2024-07-01", "2024-07-02", "2024-07-05"]
    return {
        "STAYS": random_walk(days, minutes=30, seed=1),
        "COMES": random_walk(days[1:], minutes=30, seed=2, price=40.0),
        "GOES": random_walk(days[:2], minutes=30, seed=3, price=30.0),
    }


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_symbol_may_come_late_and_vanish(way):
    class Buys(Strategy):
        def on_bar(self, bar):
            if self.position.is_flat and not self.orders:
                self.buy(10)

    class Wants(PortfolioStrategy):
        targets = "shares"

        def on_step(self, step):
            return np.where(np.isnan(step.close), np.nan, 10.0)

    data = coming_and_going()
    for strategy in (Buys, Wants):
        run_ = run(data, strategy, **way)
        assert run_.fills["symbol"].tolist() == ["STAYS", "GOES", "COMES"]
        worth = sum(float(frame["close"].iloc[-1]) * 10 for frame in data.values())
        paid = sum(run_.fills["price"] * run_.fills["quantity"])
        assert run_.equity["equity"].iloc[-1] == pytest.approx(100_000 - paid + worth)


@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "Asia/Tokyo"])
def test_midnight_of_any_zone_is_that_day_of_the_exchange(zone):
    strategy, seen = noting(lambda s, bar: bar.close)
    bars = daily(WEEK, zone)
    run(bars, strategy)
    assert [now.strftime("%Y-%m-%d") for _, now, _ in seen] == WEEK
    assert [close for _, _, close in seen] == bars["close"].tolist()


def test_an_interval_that_cannot_be_told_is_asked_for():
    opens = times(("2024-03-11 09:30", "2024-03-11 10:30", "America/New_York"))
    sparse = walk(opens)[::2]
    doubtful = pd.concat([sparse.iloc[:20], walk(opens).iloc[40:43], sparse.iloc[22:]])
    strategy, seen = noting(lambda s, bar: bar.interval)
    with pytest.raises(DataError, match="most stamps are 0 days 00:02:00 apart") as raised:
        run(doubtful, strategy)
    assert 'interval="1m"' in raised.value.hint
    run(doubtful, strategy, interval="1m")
    assert {row[2] for row in seen} == {"1m"}


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("minutes", [1, 5, 60])
def test_nothing_is_seen_or_filled_in_a_lunch_break(minutes, way):
    """What lies wholly in it is left out and counted, as before the open and after the close."""
    zone = "Asia/Tokyo"
    spans = [(f"2024-03-0{day} 08:00", f"2024-03-0{day} 16:00", zone) for day in (7, 8)]
    bars = walk(times(*spans, freq=f"{minutes}min"), seed=5)
    strategy, seen = noting(lambda s, bar: s.buy(1) and bar.timestamp)
    found = run(bars, strategy, exchange_group="JP_EQUITY", **way)
    clock = bars.index.hour * 60 + bars.index.minute
    trading = (clock >= 9 * 60) & (clock < 15 * 60)
    trading &= (clock < 11 * 60 + 30) | (clock + minutes > 12 * 60 + 30)
    assert [opened for *_, opened in seen] == bars.index[trading].tolist()
    assert set(found.fills["bar"]) <= set(bars.index[trading])
    quality = found.quality
    assert quality["outside"].sum() == (~trading).sum()
    assert (quality["traded"] == quality["expected"]).all()


def test_orders_of_the_morning_fill_after_the_lunch_break():
    spans = [("2024-03-07 11:00", "2024-03-07 14:00", "Asia/Hong_Kong")]
    bars = walk(times(*spans))
    strategy, _ = noting(lambda s, bar: bar.timestamp.strftime("%H:%M") == "11:59" and s.buy(1))
    fills = run(bars, strategy, exchange_group="HK_EQUITY").fills
    assert fills["bar"].dt.strftime("%H:%M").tolist() == ["13:00"]
