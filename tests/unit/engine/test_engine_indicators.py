"""Indicators in strategies: of other intervals, with several outputs, wrongly asked for."""

from __future__ import annotations

import numpy as np
import pytest
from bars import random_walk
from engine_eyes import DAYS, STEPS, half_day_walk, noting, resampled, run
from engine_runs import registry

from mismartera_core import (
    Bar,
    BarColumns,
    ConfigError,
    MisMarteraError,
    PluginError,
    Strategy,
    interval_ns,
)
from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.model.market import Series
from mismartera_core.services.indicator_library import IndicatorLibrary
from mismartera_core.system.python_face import prepare
from mismartera_core.system.system_manager import SystemManager

WAYS = [{}, STEPS, {"prefetch_days": 1}, {"trailing_days": 9}]


def computed(frame, known, name, output, **params):
    """An indicator over all bars, by the instant at which each row is known."""
    length = interval_ns("1m")
    bars = BarColumns.build(frame.index.as_unit("ns").asi8, *frame.to_numpy().T, interval_ns=length)
    library = IndicatorLibrary(registry())
    return known, library.compute(name, library.check(name, params), bars)[output]


def at(known, values, now):
    """The value of the newest row that is known."""
    row = int(known.searchsorted(now, side="right")) - 1
    return float(values[row]) if row >= 0 else np.nan


def assert_seen(seen, *columns):
    for _, now, found in seen:
        np.testing.assert_array_equal(found, [at(*column, now) for column in columns], str(now))


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize(("listen", "present"), [("1m", 1.0), ("1m", 0.3), ("5m", 0.3)])
def test_an_indicator_of_five_minutes_is_that_of_the_known_bars(listen, present, way):
    frame = half_day_walk(minutes=150, present=present, seed=8)

    def setup(strategy):
        strategy.ema = strategy.indicator("ema", interval="5m", period=4)
        strategy.day = strategy.indicator("sma", interval="1d", period=2)

    look = lambda s, _: (s.ema.value, s.day.value)  # noqa: E731
    strategy, seen = noting(look, setup=setup)
    run(frame, strategy, interval="1m", listen=listen, **way)
    assert len(seen) > 90
    fives, days = resampled(frame, 5), resampled(frame, 24 * 60)
    assert_seen(
        seen,
        computed(*fives, "ema", "value", period=4),
        computed(*days, "sma", "value", period=2),
    )


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_outputs_have_handles_of_their_own_and_values_up_to_now(way):
    frame = half_day_walk(minutes=60, seed=9)

    def setup(strategy):
        strategy.bands = strategy.indicator("bbands", period=5)
        strategy.upper = strategy.bands.upper

    def look(s, _):
        assert s.bands.upper is s.upper
        return s.bands.value, s.upper.value, s.upper.values[-1], len(s.upper.values) - len(s.bars())

    strategy, seen = noting(look, setup=setup)
    run(frame, strategy, **way)
    known = frame.index + (frame.index[1] - frame.index[0])
    principal = IndicatorLibrary(registry()).get("bbands").outputs[0]
    middle = computed(frame, known, "bbands", principal, period=5)
    upper = computed(frame, known, "bbands", "upper", period=5)
    nothing = (known, np.zeros(len(known)))
    assert_seen(seen, middle, upper, upper, nothing)


@pytest.mark.parametrize("beside", [{}, {"flat_by_close": 5}, {"second": True}, STEPS], ids=str)
def test_a_handle_is_at_the_newest_bar_whatever_is_called(beside):
    """In on_fill and at both ends of a session too, and whoever else runs."""
    seen = []

    class Looks(Strategy):
        def setup(self):
            self.fast = self.indicator("sma", period=2)
            self.day = self.indicator("sma", period=2, interval="1d")

        def look(self, *_):
            handles = (self.fast, self.day) if self.symbol == "A" else ()
            seen.extend((h.value, h.values[-1] if len(h.values) else np.nan) for h in handles)

        on_session_start = on_session_end = on_fill = look

        def on_bar(self, bar):
            self.look()
            self.buy(1)

    # The last bar of a day is not known at its close: the bar of the day comes by itself.
    frame = half_day_walk(minutes=20, seed=3)
    options = dict(beside)
    frames = {"A": frame, "B": frame} if options.pop("second", False) else {"A": frame}
    run(frames, Looks, interval="1m", **options)
    assert len(seen) > 4 * 20 * len(DAYS) - 20
    np.testing.assert_array_equal(*np.array(seen).T)


def test_a_venue_that_tells_of_a_fill_before_the_first_session_is_heard():
    heard = []

    class Hears(Strategy):
        def setup(self):
            self.fast = self.indicator("sma", period=2)

        def on_fill(self, fill):
            heard.append((fill.quantity, self.fast.value))

    words = {"cash": 1000, "leverage": None, "interval": "1m", "params": {}, "registry": registry()}
    costs = {"commission": None, "slippage": None, "hours": "regular", "symbol": "A"}
    market = {"exchange_group": "US_EQUITY", "asset_class": "EQUITY"}
    made = prepare(random_walk(["2024-07-02"]), Hears, **words, **costs, **market)
    execution = SystemManager(made.plan, made.registry, made.clock).execution
    (holding,) = execution.holdings[0]
    bar = Bar(Series("A", "1m", holding.zone), 0, 1.0, 1.0, 1.0, 1.0, 1.0, 60)
    holding.on_fill(WorkingOrder(holding, 0, 1, 2.0, 0), 2.0, 1.0, 0, bar)
    np.testing.assert_array_equal(np.array(heard, dtype=float), [(2.0, np.nan)])


def test_values_are_read_only():
    def setup(strategy):
        strategy.ema = strategy.indicator("ema", period=4)

    def write(s, _):
        with pytest.raises(ValueError, match="read-only"):
            s.ema.values[0] = 1.0

    strategy, seen = noting(write, setup=setup)
    run(half_day_walk(["2024-07-02"], minutes=9), strategy)
    assert len(seen) == 9


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda s: s.indicator("smaa", period=3), PluginError, ("smaa", "sma")),
        (lambda s: s.indicator("sma", period=0), ConfigError, ("period", "plugins show sma")),
        (lambda s: s.indicator("sma", length=3), ConfigError, ("length", "plugins show sma")),
        (lambda s: s.indicator("sma", period=3, interval="x"), ConfigError, ("'1m'", "'x'")),
        (lambda s: s.indicator("sma", period=3, interval="90s"), ConfigError, ("90s", "1m")),
        (
            lambda s: s.indicator("bbands", period=3).uper,
            ConfigError,
            ("uper", "upper"),
        ),
    ],
)
def test_what_is_wrongly_asked_for_names_the_cure(ask, error, words):
    strategy, _ = noting(lambda s, _: None, setup=ask)
    with pytest.raises(error) as raised:
        run(half_day_walk(["2024-07-02"], minutes=9), strategy)
    text = f"{raised.value} {raised.value.hint}"
    assert all(word in text for word in words), text


@pytest.mark.parametrize(
    "late",
    [
        lambda s: s.bands.lower,
        lambda s: s.indicator("ema", period=3),
        lambda s: s.indicator("bbands", period=6),
    ],
)
def test_what_setup_did_not_declare_is_a_clear_error(late):
    def setup(strategy):
        strategy.bands = strategy.indicator("bbands", period=5)

    strategy, _ = noting(lambda s, _: late(s), setup=setup)
    with pytest.raises(MisMarteraError, match="was not declared in setup") as raised:
        run(half_day_walk(["2024-07-02"], minutes=9), strategy)
    assert "self.indicator" in raised.value.hint


@pytest.mark.parametrize("way", [{}, STEPS], ids=str)
def test_an_indicator_declared_in_a_later_session_counts_from_there(way):
    def setup(strategy):
        strategy.count = getattr(strategy, "count", 0) + 1
        if strategy.count > 1:
            strategy.five = strategy.indicator("sma", interval="5m", period=2)

    look = lambda s, _: s.five.value if s.count > 1 else np.nan  # noqa: E731
    frame = half_day_walk(minutes=30)
    strategy, seen = noting(look, setup=setup)
    run(frame, strategy, **way)
    column = computed(*resampled(frame, 5), "sma", "value", period=2)
    later = [(s, now, (value,)) for s, now, value in seen if now.date().isoformat() > DAYS[0]]
    assert_seen(later, column)


def test_orders_of_a_strategy_on_five_minutes_fill_at_the_next_minute():
    frame = random_walk(["2024-07-02"], minutes=30, seed=2)
    frame["volume"] += 1.0
    strategy, _ = noting(lambda s, _: s.buy(1))
    fills = run(frame, strategy, listen="5m").fills
    assert fills["bar"].tolist() == frame.index[5::5].tolist()
    assert fills["price"].tolist() == frame["open"].iloc[5::5].tolist()


def test_all_that_is_wrong_with_parameters_is_told_at_once():
    class Wrong(Strategy):
        def setup(self):
            self.indicator("sma", period=-1, perod=3)

    with pytest.raises(ConfigError, match=r"period: .*; perod: unknown; did you mean 'period'"):
        run(random_walk(DAYS[:1], minutes=5), Wrong)
