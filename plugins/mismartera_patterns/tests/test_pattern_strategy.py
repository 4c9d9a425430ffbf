"""A strategy trades a pattern, with the pattern's own stop and target."""

from __future__ import annotations

import pandas as pd
from mismartera_patterns.drawing import draw
from mismartera_patterns.finding import find_patterns

from mismartera_core import Bar, Strategy, backtest


class Breakouts(Strategy):
    def setup(self) -> None:
        self.found = self.indicator("double_bottom")
        self.target, self.stop = self.found.target, self.found.invalidation
        self.age = self.found.p3_age

    def on_bar(self, bar: Bar) -> None:
        if self.found.value > 0 and self.position.is_flat:
            trough = self.bars()[-1 - int(self.age.value)]
            assert trough.timestamp < bar.timestamp
            self.buy(100, stop_loss=self.stop.value, take_profit=self.target.value)


def test_a_backtest_buys_at_the_bar_after_the_report():
    columns = draw("double_bottom", 360, 0.01, 0).bars
    index = pd.date_range("2024-03-04 09:30", periods=390, freq="min", tz="America/New_York")
    names = ("open", "high", "low", "close", "volume")
    bars = pd.DataFrame({name: getattr(columns, name) for name in names}, index=index)
    (report,) = find_patterns(bars, ["double_bottom"]).to_dict("records")
    run = backtest(bars, Breakouts, cash=100_000, commission=None, slippage=None)
    (entry,) = run.fills.to_dict("records")
    assert entry["price"] == bars["open"].iloc[report["row"] + 1]
