"""The strategy: one instance for each symbol, called bar by bar."""

from __future__ import annotations

from mismartera_core import Bar, Strategy, StrategyParams
from pydantic import Field


class {{ cookiecutter.__class }}(Strategy):
    """Long while the close is above the average of the last closes, flat while it is below."""

    class Params(StrategyParams):
        """What a session config can set."""

        period: int = Field(default=30, ge=2, description="Bars of the average.")
        shares: int = Field(default=100, gt=0, description="Units of a position.")

    def on_bar(self, bar: Bar) -> None:
        """Decide at the close of a bar; what is ordered now fills from the next bar on."""
        closes = self.bars().close[-self.params.period :]
        if len(closes) < self.params.period:
            return
        average = closes.mean()
        if bar.close > average and self.position.is_flat and not self.orders:
            self.buy(self.params.shares, tag="above the average")
        elif bar.close < average and self.position.is_long:
            self.close("below the average")
