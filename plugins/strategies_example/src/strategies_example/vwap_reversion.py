"""VWAP reversion: prices that have run far from what the day paid on average come back."""

from __future__ import annotations

from pydantic import Field

from mismartera_core import Bar, Strategy, StrategyParams


class VwapReversion(Strategy):
    """Fade a close far from the session's VWAP, leave at the VWAP, stop if it runs on.

    The distance is counted in standard deviations of the session's prices, weighted by volume.
    After a trade the price must have been back within one of them before the next, so that a
    trend day costs one stop and not ten. Give it `"flat_by_close": 5` in the session config.
    """

    class Params(StrategyParams):
        """When to enter, when to give up and how much to trade."""

        entry: float = Field(2.0, ge=1, description="Deviations from the VWAP that are faded")
        stop: float = Field(1.0, gt=0, description="Deviations beyond the entry at which to stop")
        wait: int = Field(15, ge=1, description="First bars of the day that are only watched")
        shares: int = Field(100, gt=0, description="Units of a position")

    def setup(self) -> None:
        """Declare the VWAP with a band of one deviation; a new day starts armed."""
        vwap = self.indicator("vwap", deviations=1.0)
        self.vwap, self.upper = vwap.vwap, vwap.upper
        self.armed = True
        self.seen = 0

    def on_bar(self, bar: Bar) -> None:
        """Leave at the VWAP, or fade the distance from it."""
        self.seen += 1
        deviation = self.upper.value - self.vwap.value
        if not deviation > 0.0:
            return
        distance = (bar.close - self.vwap.value) / deviation
        if not self.position.is_flat:
            if distance * self.position.quantity >= 0.0:
                self.close("back at the VWAP")
        elif abs(distance) < 1.0:
            self.armed = True
        elif abs(distance) >= self.params.entry and self.armed and self.seen > self.params.wait:
            self.armed = False
            self.fade(bar.close, distance, self.params.stop * deviation)

    def fade(self, price: float, distance: float, risk: float) -> None:
        """Trade against the distance, with a stop.

        Args:
            price: Last close.
            distance: Of the close from the VWAP, negative below it.
            risk: From the close to the stop, in price units.
        """
        if distance < 0.0:
            self.buy(self.params.shares, stop_loss=round(price - risk, 2), tag="below VWAP")
        else:
            self.sell(self.params.shares, stop_loss=round(price + risk, 2), tag="above VWAP")
