"""What the trades and fills of a run add up to; one look at each, however many there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mismartera_core.model.columns import FloatArray, IntArray
from mismartera_core.model.results import MICROS, FillColumns, RunRecord
from mismartera_core.services.round_trips import Trades, round_trips

Figures = dict[str, Any]

_MINUTE_NS = 60 * 10**9


@dataclass(slots=True)
class Tally:
    """Sums over closed trades; amounts in 1e-6 currency units, so that they are exact.

    Attributes:
        trades: How many.
        wins: How many gained.
        losses: How many lost.
        gained: Profit of those that gained.
        lost: Loss of those that lost, positive.
        best: Highest profit; None without trades.
        worst: Lowest profit, likewise.
        held_ns: Time they were held, together, nanoseconds.
    """

    trades: int = 0
    wins: int = 0
    losses: int = 0
    gained: int = 0
    lost: int = 0
    best: int | None = None
    worst: int | None = None
    held_ns: int = 0

    @property
    def net(self) -> int:
        """Profit of all."""
        return self.gained - self.lost

    def add(self, net: IntArray, held_ns: IntArray) -> None:
        """Count trades by their profit after commissions and the time they were held."""
        if not len(net):
            return
        gains, losses = net[net > 0], net[net < 0]
        self.trades += len(net)
        self.wins += len(gains)
        self.losses += len(losses)
        self.gained += int(gains.sum())
        self.lost -= int(losses.sum())
        self.best = max(int(net.max()), self.best if self.best is not None else int(net.max()))
        self.worst = min(int(net.min()), self.worst if self.worst is not None else int(net.min()))
        self.held_ns += int(held_ns.sum())

    def figures(self) -> Figures:
        """Count, win rate, profit factor and averages; None where one is undefined."""
        return {
            "trades": self.trades,
            "win_rate": _ratio(self.wins, self.trades),
            "profit_factor": _ratio(self.gained, self.lost),
            "average_trade": _ratio(self.net, self.trades * MICROS),
            "average_win": _ratio(self.gained, self.wins * MICROS),
            "average_loss": _ratio(-self.lost, self.losses * MICROS),
            "best_trade": None if self.best is None else self.best / MICROS,
            "worst_trade": None if self.worst is None else self.worst / MICROS,
            "average_holding_minutes": _ratio(self.held_ns, self.trades * _MINUTE_NS),
        }


@dataclass(slots=True)
class Costs:
    """What the fills of a strategy cost.

    Attributes:
        fills: How many.
        commission: In 1e-6 currency units.
        slippage: Likewise.
    """

    fills: int = 0
    commission: int = 0
    slippage: int = 0

    def add(self, fills: FillColumns, chosen: Any) -> None:
        """Count some of the fills."""
        self.fills += int(chosen.sum())
        self.commission += int(fills.commission[chosen].sum())
        self.slippage += int(fills.slippage[chosen].sum())


@dataclass(frozen=True, slots=True)
class Traded:
    """What trades and fills of a run came to; lists by row of the strategy.

    Attributes:
        all: Closed trades.
        closed: Closed trades of each strategy.
        fills: Fills of each strategy.
        open_profit: Of open trades, account currency; NaN where no close is known.
        open_trades: How many are left open.
    """

    all: Tally
    closed: list[Tally]
    fills: list[Costs]
    open_profit: list[float]
    open_trades: int = field(default=0)


def traded(record: RunRecord) -> Traded:
    """What trades and fills of a run came to."""
    count = len(record.strategies)
    whole, closed, costs = Tally(), [Tally() for _ in range(count)], [Costs() for _ in range(count)]
    for part in record.fills.parts():
        for row, each in enumerate(costs):
            each.add(part, part.strategy == row)
    for trades in round_trips(record.fills):
        of = trades.fills.strategy[trades.trips.entry]
        if trades.are_open:
            left = open_profit(record, trades)
            profit = [float(left[of == row].sum()) for row in range(count)]
            return Traded(whole, closed, costs, profit, len(left))
        known, trips = trades.fills.filled_ns, trades.trips
        net, held = trips.net, known[trips.exit] - known[trips.entry]
        whole.add(net, held)
        for row, tally in enumerate(closed):
            tally.add(net[of == row], held[of == row])
    raise AssertionError("what is left open comes last")


def open_profit(record: RunRecord, trades: Trades) -> FloatArray:
    """Profit of open trades at the last known closes, after the commission of the entry.

    Returns:
        Account currency; NaN where no close is known.
    """
    trips = trades.trips
    if record.closing_prices is None:
        return np.full(len(trips), np.nan)
    price = record.closing_prices[trades.fills.symbol[trips.entry]]
    value = trips.side * (trips.quantity * price * MICROS - trips.entry_notional)
    profit: FloatArray = np.rint(value - trips.commission) / MICROS
    return profit


def _ratio(above: int, below: int) -> float | None:
    """Rounded once, as both are exact."""
    return above / below if below else None
