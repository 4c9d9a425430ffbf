from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mismartera_core.builtin.sample_minutes import simulate_minutes
from mismartera_core.builtin.sample_provider import load_daily

PRICE = st.integers(1, 10_000_000).map(lambda n: n / 10_000)


@st.composite
def daily_bars(draw):
    prices = sorted(draw(st.lists(PRICE, min_size=4, max_size=4)))
    if draw(st.booleans()):
        prices[1] = prices[0]
    if draw(st.booleans()):
        prices[2] = prices[3]
    if draw(st.integers(0, 9)) == 0:
        prices = [prices[0]] * 4
    low, one, other, high = prices
    first, last = (one, other) if draw(st.booleans()) else (other, one)
    volume = draw(st.one_of(st.integers(0, 500), st.integers(0, 10**9)))
    return [first, high, low, last, float(volume)]


def assert_minutes_are_the_day(days: np.ndarray, minutes: np.ndarray) -> None:
    first, high, low, last, volume = minutes
    np.testing.assert_array_equal(first[:, 0], days[:, 0])
    np.testing.assert_array_equal(high.max(axis=1), days[:, 1])
    np.testing.assert_array_equal(low.min(axis=1), days[:, 2])
    np.testing.assert_array_equal(last[:, -1], days[:, 3])
    np.testing.assert_array_equal(volume.sum(axis=1), days[:, 4])
    assert (low <= np.minimum(first, last)).all()
    assert (high >= np.maximum(first, last)).all()
    assert ((volume >= 0) & (volume % 1 == 0)).all()


@settings(max_examples=100)
@given(
    days=st.lists(daily_bars(), min_size=1, max_size=4),
    key=st.integers(0, 2**64 - 1),
    count=st.sampled_from([1, 2, 3, 210, 390, 1440]),
)
def test_minutes_are_exactly_the_day(days: list[list[float]], key: int, count: int) -> None:
    values = np.array(days)
    minutes = simulate_minutes(values, key, np.arange(len(values)) + 11_017, count)
    assert_minutes_are_the_day(values, minutes)


@pytest.mark.parametrize("symbol", ["AAPL", "FB", "GOOG", "IBM", "MSFT"])
def test_every_real_day_comes_back(symbol: str) -> None:
    daily = load_daily()[symbol]
    assert_minutes_are_the_day(daily.bars, simulate_minutes(daily.bars, 5, daily.day, 390))


def test_a_day_is_the_same_alone_and_among_others() -> None:
    daily = load_daily()["IBM"]
    together = simulate_minutes(daily.bars[:50], 5, daily.day[:50], 390)
    alone = simulate_minutes(daily.bars[20:21], 5, daily.day[20:21], 390)
    np.testing.assert_array_equal(together[:, 20:21], alone)


def test_minutes_are_the_same_on_any_machine() -> None:
    daily = load_daily()["AAPL"]
    minutes = simulate_minutes(daily.bars, 42, daily.day, 390).astype("<f8")
    digest = hashlib.sha256(minutes.tobytes()).hexdigest()
    assert digest == "d876f033774559cea8d61c597402e24be10bef4db9c5aa7ea746d56b1e4ca23c"


def test_minutes_look_like_a_market() -> None:
    daily = load_daily()["AAPL"]
    first, high, low, last, volume = simulate_minutes(daily.bars, 42, daily.day, 390)
    np.testing.assert_array_equal(first[:, 1:], last[:, :-1])
    assert volume[:, :30].sum() > 1.5 * volume[:, 180:210].sum() < volume[:, -30:].sum()
    assert (high > low).mean() > 0.95
    changes = np.diff(last, axis=1) / last[:, :-1]
    assert 0.0002 < changes.std() < 0.003
    assert len(np.unique(high.argmax(axis=1))) > 200
