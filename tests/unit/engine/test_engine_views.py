"""self.bars(): what is known by now of any interval, nothing earlier, nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from bars import NEW_YORK
from engine_eyes import DAYS, FIELDS, STEPS, half_day_walk, noting, resampled, run

from mismartera_core import ConfigError, Strategy, StrategyError

WAYS = [{}, STEPS, {"prefetch_days": 1}]
MINUTES = {"5m": 5, "1h": 60, "1d": 24 * 60}


def window(made, known, now, trailing):
    """Those of some bars that are known at an instant, with so many days of history."""
    days = sorted(set(made.index.date))
    first = 0 if trailing is None else max(0, days.index(now.date()) - trailing)
    return made[(known <= now) & (made.index.date >= days[first])]


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("trailing", [0, 2, None])
@pytest.mark.parametrize("interval", MINUTES)
def test_a_view_holds_what_is_known_and_no_more(interval, trailing, way):
    frame = half_day_walk(minutes=150, present=0.4, seed=4)
    look = lambda s, _: s.bars(interval).to_pandas()  # noqa: E731
    strategy, seen = noting(look)
    run(frame, strategy, interval="1m", trailing_days=trailing, **way)
    assert len(seen) == len(frame)
    made, known = resampled(frame, MINUTES[interval])
    for _, now, view in seen[::9]:
        pd.testing.assert_frame_equal(view, window(made, known, now, trailing), check_freq=False)


def lengths(interval, **options):
    look = lambda s, _: len(s.bars(interval))  # noqa: E731
    strategy, seen = noting(look)
    run(half_day_walk(), strategy, trailing_days=0, **options)
    return {now.strftime("%m-%d %H:%M"): count for _, now, count in seen}


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_five_minutes_are_known_at_their_end(way):
    found = lengths("5m", **way)
    assert [found[f"07-02 09:{m}"] for m in (34, 35, 39, 40)] == [0, 1, 1, 2]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_the_last_hour_of_a_day_and_of_a_half_day_is_known_at_the_close(way):
    found = lengths("1h", **way)
    assert [found[f"07-02 {t}"] for t in ("15:30", "15:59", "16:00")] == [6, 6, 7]
    assert [found[f"07-03 {t}"] for t in ("12:30", "12:59", "13:00")] == [3, 3, 4]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_the_bar_of_the_day_is_known_at_the_close(way):
    found = lengths("1d", **way)
    assert [found[f"07-03 {t}"] for t in ("09:31", "12:59", "13:00")] == [0, 0, 1]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_view_asked_for_late_is_kept_and_goes_on(way):
    seen = []

    class Late(Strategy):
        view = None

        def on_bar(self, bar):
            if bar.timestamp.hour == 9:
                return
            self.view = self.view or self.bars("5m")
            seen.append((len(self.view), len(self.bars("15m"))))

    run(half_day_walk(minutes=60), Late, trailing_days=0, **way)
    assert seen == [(i // 5, i // 15) for _ in DAYS for i in range(31, 61)]


def test_views_are_read_only():
    def write(strategy, _):
        view = strategy.bars("5m")
        for array in (view.close, view.columns.close, view.columns.ts, strategy.bars().open):
            with pytest.raises(ValueError, match="read-only"):
                array[:] = 0
        return True

    strategy, seen = noting(write)
    run(half_day_walk(minutes=6), strategy)
    assert all(row[2] for row in seen)


def test_exports_have_the_exchanges_zone_and_floats():
    look = lambda s, _: (s.bars("5m").to_pandas(), s.bars("5m").to_arrow())  # noqa: E731
    strategy, seen = noting(look)
    run(half_day_walk(minutes=10), strategy)
    frame, table = seen[-1][2]
    assert str(frame.index.tz) == NEW_YORK
    assert list(frame.columns) == FIELDS
    assert set(map(str, frame.dtypes)) == {"float64"}
    assert str(table.schema.field("timestamp").type) == f"timestamp[ns, tz={NEW_YORK}]"
    assert table.num_rows == len(frame)
    frame.loc[:, "close"] = 0.0  # an export is the strategy's own


@pytest.mark.parametrize(
    ("index", "error", "words"),
    [
        (-1, IndexError, "0 bars are known by now"),
        (0, IndexError, "asked for [0]"),
        (slice(-5, None), TypeError, "slice a column"),
    ],
)
def test_errors_of_an_index_say_what_is_there(index, error, words):
    def look(strategy, _):
        with pytest.raises(error) as raised:
            strategy.bars("5m")[index]
        return str(raised.value)

    strategy, seen = noting(look)
    run(half_day_walk(["2024-07-02"], minutes=2), strategy)
    assert all(words in text for _, _, text in seen)


def test_bars_of_a_view_know_their_interval():
    look = lambda s, _: s.bars("5m")[-1] if len(s.bars("5m")) else None  # noqa: E731
    strategy, seen = noting(look)
    run(half_day_walk(["2024-07-02"], minutes=5), strategy)
    bar = seen[-1][2]
    assert (bar.interval, bar.available_at, bar.symbol) == ("5m", seen[-1][1], "SYMBOL")


@pytest.mark.parametrize("wanted", ["30s", "7m", "90s"])
def test_bars_that_base_bars_do_not_make_up_are_refused(wanted):
    frame = half_day_walk(["2024-07-02"], minutes=60)
    five = resampled(frame, 5)[0]
    strategy, _ = noting(lambda s, _: s.bars(wanted))
    with pytest.raises(ConfigError, match=f"'{wanted}' bars cannot be made of the run's '5m' bars"):
        run(five, strategy, interval="5m")
    with pytest.raises(ConfigError, match=wanted):
        run(five, noting(lambda s, _: None)[0], interval="5m", listen=wanted)


def test_minutes_cannot_be_made_of_days():
    frame = resampled(half_day_walk(), MINUTES["1d"])[0]
    strategy, _ = noting(lambda s, _: s.bars("5m"))
    with pytest.raises(ConfigError, match="'1d'"):
        run(frame, strategy, interval="1d")


def test_history_is_there_when_a_session_starts():
    seen = []

    class AtStart(Strategy):
        def setup(self):
            self.average = self.indicator("sma", period=3)

        def on_session_start(self):
            view = self.bars()
            seen.append((len(view), len(self.average.values)))

    run(half_day_walk(minutes=60), AtStart, trailing_days=1)
    assert seen == [(0, 0), (60, 60), (60, 60), (60, 60)]


def test_an_interval_that_is_none_is_a_clear_error():
    strategy, _ = noting(lambda s, _: s.bars("five"))
    with pytest.raises((ConfigError, StrategyError), match="expected an interval such as '1m'"):
        run(half_day_walk(["2024-07-02"], minutes=5), strategy)


def test_the_clock_of_a_strategy_stands_where_its_bar_became_known():
    strategy, seen = noting(lambda s, bar: bar.available_at)
    run(half_day_walk(["2024-07-02"], minutes=20), strategy, listen="5m")
    assert [now for _, now, _ in seen] == [known for _, _, known in seen]
    assert np.all(np.diff([now.minute for _, now, _ in seen]) == 5)


@pytest.mark.parametrize(
    "take",
    [lambda bar: bar[0], lambda bar: bar[:], tuple, list, lambda bar: (lambda *all_: all_)(*bar)],
)
def test_a_bar_shows_its_own_values_and_not_the_rows_it_lies_in(take):
    """Those of later bars lie there too."""

    def look(_, bar):
        with pytest.raises(TypeError, match=r"bar\.ohlcv"):
            take(bar)
        return bar.ohlcv

    strategy, seen = noting(look)
    frame = half_day_walk(["2024-07-02"], minutes=3)
    run(frame, strategy)
    assert [found for *_, found in seen] == [tuple(row) for row in frame.to_numpy().tolist()]
