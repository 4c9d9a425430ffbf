"""An indicator that never had a value is said in the notes of a run."""

import numpy as np
import pytest
from bars import random_walk
from engine_eyes import STEPS, run

from mismartera_core import PortfolioStrategy, Signals, SignalStrategy, Strategy

DAYS = ["2024-07-01", "2024-07-02"]


class Events(Strategy):
    def setup(self):
        self.indicator("sma", period=5000)
        self.indicator("sma", period=70)

    def on_bar(self, bar):
        pass


class Coarse(Strategy):
    def setup(self):
        self.indicator("sma", interval="5m", period=70)

    def on_bar(self, bar):
        pass


class Columns(SignalStrategy):
    def signals(self, bars, indicators):
        indicators("sma", period=5000)
        return Signals(np.where(np.isnan(indicators("sma", period=70)), np.nan, 1.0))


class Rows(PortfolioStrategy):
    def setup(self):
        self.indicator("sma", period=5000)
        self.indicator("sma", period=70)

    def on_step(self, step):
        return None


def notes(strategy, **way):
    """What is said of indicators; the second symbol has too few bars for the shorter average."""
    data = {
        "A": random_walk(DAYS, seed=5, minutes=60),
        "B": random_walk(DAYS, seed=6, minutes=60, present=0.3),
    }
    said = run(data, strategy, interval="1m", trailing_days=5, **way).summary["notes"]
    return [note for note in said if "never had a value" in note]


@pytest.mark.parametrize("way", [{}, STEPS], ids=["whole sessions", "steps"])
@pytest.mark.parametrize("strategy", [Events, Columns, Rows])
def test_an_indicator_longer_than_all_bars_is_noted(strategy, way):
    name = strategy.__name__
    assert notes(strategy, **way) == [
        f"indicator sma(period=5000, source=close) of '{name}' never had a value",
    ]


def test_bars_other_than_those_of_the_run_are_named():
    assert notes(Coarse) == [
        "indicator sma(period=70, source=close) on 5m bars of 'Coarse' never had a value"
    ]
