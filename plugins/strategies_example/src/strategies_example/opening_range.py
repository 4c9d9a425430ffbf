"""Opening range breakout: one bracket order a day."""

from __future__ import annotations

from pydantic import Field

from mismartera_core import Bar, Strategy, StrategyParams


class OpeningRangeBreakout(Strategy):
    """Buy the day's first rise above the high of its first minutes; the stop is at their low.

    The order is placed once the range is complete and rests at its high until the close. Give it
    `"flat_by_close": 5` in the session config, so that nothing is held overnight.
    """

    class Params(StrategyParams):
        """How long the range is measured and how much is bought."""

        minutes: int = Field(30, ge=1, le=390, description="Minutes the range is measured")
        shares: int = Field(100, gt=0, description="Units of the position")

    def setup(self) -> None:
        """Declare the range; a new day may trade again."""
        opening_range = self.indicator("opening_range", minutes=self.params.minutes)
        self.high, self.low = opening_range.high, opening_range.low
        self.placed = False

    def on_bar(self, bar: Bar) -> None:  # noqa: ARG002 - the range says it all
        """Place the bracket at the first bar that knows the range; it is NaN before."""
        if not self.placed and self.high.value > self.low.value:
            self.placed = True
            self.buy(
                self.params.shares,
                stop=self.high.value,
                stop_loss=self.low.value,
                tag="breakout",
            )
