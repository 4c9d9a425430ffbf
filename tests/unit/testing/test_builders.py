"""The builders: seeded, possible, and what the engine takes."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from mismartera_core import Strategy, backtest, interval_ns
from mismartera_core.model.columns import BAR_FIELDS, PRICE_FIELDS
from mismartera_core.services.bar_aggregation import ticks_to_bars
from mismartera_core.testing import (
    market_bars,
    repriced,
    scrambled,
    sealed,
    session_table,
    sessions_of,
    ticks_of,
    to_frame,
    walk_bars,
    without_volume,
)


def week():
    """The second session is a half day, and there is a holiday after it."""
    return session_table(date(2024, 7, 2), date(2024, 7, 8))


def same(one, other, rows=slice(None)):
    return all(
        np.array_equal(getattr(one, name)[rows], getattr(other, name)[rows], equal_nan=True)
        for name in BAR_FIELDS
    )


def test_a_seed_gives_the_same_bars_again_and_another_one_others():
    assert same(walk_bars(week(), seed=3), walk_bars(week(), seed=3))
    assert not same(walk_bars(week(), seed=3), walk_bars(week(), seed=4))


@pytest.mark.parametrize("step", [0.0, 1e-5, 0.001, 0.2])
def test_every_bar_is_possible_and_in_cents(step):
    bars = walk_bars(week(), step=step, price=50.0)
    assert (bars.low > 0).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.volume > 0).all()
    np.testing.assert_array_equal(bars.close, np.round(bars.close, 2))
    assert (len(np.unique(bars.close)) == 1) == (step == 0.0)


def test_bars_fill_the_sessions_and_are_known_at_their_close():
    bars = walk_bars(week(), interval="1h")
    np.testing.assert_array_equal(np.bincount(bars.session), [7, 4, 7, 7])
    last = np.append(np.flatnonzero(np.diff(bars.session)), len(bars) - 1)
    np.testing.assert_array_equal(bars.available_at[last], week().close_ns)
    assert len(walk_bars(week(), interval="1d")) == len(week())


def test_made_up_sessions_have_the_lengths_asked_for():
    bars = walk_bars(sessions_of([60, 1, 30]))
    np.testing.assert_array_equal(np.bincount(bars.session), [60, 1, 30])
    assert len(walk_bars(sessions_of([]))) == 0


@pytest.mark.parametrize("fraction", [0.05, 0.5])
def test_gaps_idle_minutes_and_unknown_values_are_as_frequent_as_asked(fraction):
    size = len(walk_bars(week()))
    assert len(walk_bars(week(), missing=fraction)) == pytest.approx((1 - fraction) * size, abs=60)
    idle = walk_bars(week(), idle=fraction).volume == 0.0
    assert idle.mean() == pytest.approx(fraction, abs=0.05)
    unknown = walk_bars(week(), unknown=fraction)
    for name in PRICE_FIELDS:
        assert np.isnan(unknown.field(name)).mean() == pytest.approx(fraction, abs=0.05)


@pytest.mark.parametrize("row", [0, 1, 500, 1379, 1380])
@pytest.mark.parametrize("change", [repriced, scrambled])
def test_another_future_has_the_same_past(change, row):
    bars = walk_bars(week())
    other = change(bars, row)
    assert same(bars, other, slice(0, row))
    assert same(other, change(bars, row))
    if row < len(bars):
        assert not same(bars, other)
        assert len({*other.close[row:].tolist()} & {*bars.close[row:].tolist()}) < 0.5 * len(bars)
    assert (np.diff(other.ts) > 0).all()
    assert (np.diff(other.session) >= 0).all()
    assert np.array_equal(other.ts, bars.ts) == (change is repriced or row == len(bars))


def test_sealed_bars_cannot_be_written_to():
    bars = walk_bars(week())
    with pytest.raises(ValueError, match="read-only"):
        sealed(bars).close[0] = 1.0
    bars.close[0] = 1.0


def test_the_engine_takes_the_frames_as_they_are():
    seen = []

    class Notes(Strategy):
        def on_bar(self, bar):
            seen.append(bar.close)

    bars = market_bars(["AAA", "BBB"], week())
    frames = {name: to_frame(part, week().timezone) for name, part in bars.items()}
    assert backtest(frames, Notes).record.bars == len(seen) == sum(map(len, bars.values()))
    assert len(bars["AAA"]) == len(walk_bars(week())) > len(bars["BBB"])


def test_volume_that_nobody_knows_or_that_there_is_none_of():
    bars = walk_bars(week())
    assert not without_volume(bars).volume.any()
    assert np.isnan(without_volume(bars, np.nan).volume).all()


def test_trades_make_up_the_bars():
    sessions = sessions_of([60, 1, 30])
    bars = walk_bars(sessions, seed=2, missing=0.1, idle=0.2, unknown=0.02)
    known = np.isfinite([getattr(bars, name) for name in PRICE_FIELDS]).all(axis=0)
    traded = bars.take(known & (bars.volume > 0.0))
    made = ticks_to_bars(ticks_of(bars), interval_ns("1m"), sessions.open_ns, sessions.close_ns)
    assert same(made, traded)


def test_trades_do_not_depend_on_later_bars():
    bars = walk_bars(sessions_of([60]), seed=2)
    whole, head = ticks_of(bars), ticks_of(bars.slice(0, 31))
    for name in ("ts", "price", "size"):
        np.testing.assert_array_equal(getattr(whole, name)[: len(head)], getattr(head, name))
    assert whole.ts[len(head)] == bars.ts[31] == bars.available_at[30]
