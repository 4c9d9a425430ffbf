from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from mismartera_core.builtin.sample_provider import SampleConfig, SampleProvider, load_daily
from mismartera_core.contracts.context import PluginContext
from mismartera_core.errors import DataError
from mismartera_core.model.intervals import DAY, HOUR, MINUTE
from mismartera_core.model.sessions import SessionTable

NEW_YORK = ZoneInfo("America/New_York")
HALF_DAYS = {date(2012, 11, 23)}
CLOSED = {date(2012, 10, 29), date(2012, 10, 30), date(2012, 11, 22)}
ALWAYS = (-(2**62), 2**62)


def at(day: date, hour: int, minute: int = 0) -> int:
    moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK)
    return int(moment.timestamp()) * 1_000_000_000


def sessions(first: date, last: date) -> SessionTable:
    """Weekdays of New York with the holidays and half days of autumn 2012."""
    span = (first + timedelta(days=n) for n in range((last - first).days + 1))
    days = tuple(d for d in span if d.weekday() < 5 and d not in CLOSED)
    opens = np.array([at(d, 9, 30) for d in days], np.int64)
    closes = np.array([at(d, 13 if d in HALF_DAYS else 16) for d in days], np.int64)
    none = np.zeros(len(days), np.int64)
    early = tuple(d in HALF_DAYS for d in days)
    zone = "America/New_York"
    return SessionTable(days, opens, closes, opens, closes, none, none, early, zone)


def context(table=sessions) -> PluginContext:
    return PluginContext(
        data_dir=Path("unused"),
        exchange_group="US_EQUITY",
        asset_class="EQUITY",
        timezone="America/New_York",
        sessions=table,
    )


@pytest.fixture
def provider() -> SampleProvider:
    return SampleProvider(SampleConfig(), context())


def test_it_names_what_it_has(provider: SampleProvider) -> None:
    assert provider.symbols() == ["AAPL", "FB", "GOOG", "IBM", "MSFT"]
    assert provider.intervals("FB") == ("1m", "1d")
    first, last = date(2012, 5, 18), date(2013, 3, 1)
    assert provider.coverage("FB", "1d") == (at(first, 9, 30), at(last, 9, 30))
    assert provider.coverage("FB", "1m") == (at(first, 9, 30), at(last, 15, 59))


def test_minutes_of_a_week_with_a_half_day_make_the_real_days(provider: SampleProvider) -> None:
    week = (at(date(2012, 11, 19), 0), at(date(2012, 11, 24), 0))
    minutes = provider.get_bars("AAPL", "1m", *week)
    daily = provider.get_bars("AAPL", "1d", *week)
    assert np.bincount(minutes.session).tolist() == [390, 390, 390, 210]
    assert daily.ts.tolist() == [at(date(2012, 11, d), 9, 30) for d in (19, 20, 21, 23)]
    assert daily.available_at[-1] == at(date(2012, 11, 23), 13)
    for number in range(4):
        part = minutes.take(minutes.session == number)
        assert part.open[0] == daily.open[number]
        assert part.high.max() == daily.high[number]
        assert part.low.min() == daily.low[number]
        assert part.close[-1] == daily.close[number]
        assert part.volume.sum() == daily.volume[number]
        assert part.ts[0] == daily.ts[number]
        np.testing.assert_array_equal(np.diff(part.ts), MINUTE)


def test_daily_bars_are_the_published_ones(provider: SampleProvider) -> None:
    day = provider.get_bars("AAPL", "1d", at(date(2012, 5, 18), 0), at(date(2012, 5, 19), 0))
    real = load_daily()["AAPL"]
    row = real.bars[np.searchsorted(real.day, (date(2012, 5, 18) - date(1970, 1, 1)).days)]
    assert [getattr(day, n)[0] for n in ("open", "high", "low", "close", "volume")] == row.tolist()
    fb = provider.get_bars("FB", "1d", at(date(2012, 5, 18), 0), at(date(2012, 5, 19), 0))
    assert (fb.open[0], fb.high[0], fb.volume[0]) == (42.05, 45.0, 573_576_400.0)


def test_any_range_is_a_slice_of_the_whole(provider: SampleProvider) -> None:
    whole = provider.get_bars("FB", "1m", *ALWAYS)
    assert np.all(np.diff(whole.ts) > 0)
    for low, high in ((0, 1), (100, 700), (5000, 5001), (len(whole) - 3, len(whole))):
        part = provider.get_bars("FB", "1m", int(whole.ts[low]), int(whole.ts[high - 1]) + 1)
        np.testing.assert_array_equal(part.close, whole.close[low:high])
        np.testing.assert_array_equal(part.ts, whole.ts[low:high])


def test_a_seed_makes_its_own_minutes_of_the_same_days(provider: SampleProvider) -> None:
    other = SampleProvider(SampleConfig(seed=2), context())
    span = (at(date(2012, 11, 19), 0), at(date(2012, 11, 20), 0))
    one, two = (p.get_bars("IBM", "1m", *span) for p in (provider, other))
    assert one.close.tolist() != two.close.tolist()
    assert one.close[-1] == two.close[-1]


def test_no_session_or_no_real_day_is_no_bar(provider: SampleProvider) -> None:
    for first, last in (
        (date(2012, 10, 28), date(2012, 10, 31)),
        (date(2020, 1, 1), date(2021, 1, 1)),
    ):
        assert len(provider.get_bars("AAPL", "1m", at(first, 0), at(last, 0))) == 0
        assert len(provider.get_bars("AAPL", "1d", at(first, 0), at(last, 0))) == 0


def test_a_lunch_break_has_no_minutes() -> None:
    def with_break(first: date, last: date) -> SessionTable:
        table = sessions(first, last)
        start, end = table.open_ns + 2 * HOUR, table.open_ns + 3 * HOUR
        return replace(table, break_start_ns=start, break_end_ns=end)

    start = at(date(2012, 11, 19), 0)
    provider = SampleProvider(SampleConfig(), context(with_break))
    bars = provider.get_bars("MSFT", "1m", start, start + DAY)
    assert len(bars) == 330
    assert sorted(set(np.diff(bars.ts).tolist())) == [MINUTE, 61 * MINUTE]
    assert bars.volume.sum() == provider.get_bars("MSFT", "1d", start, start + DAY).volume[0]


@pytest.mark.parametrize(("symbol", "interval"), [("APPL", "1m"), ("AAPL", "5m")])
def test_what_it_has_not_is_refused(provider: SampleProvider, symbol: str, interval: str) -> None:
    with pytest.raises(DataError, match=f"'{symbol if interval == '1m' else interval}'"):
        provider.get_bars(symbol, interval, *ALWAYS)
