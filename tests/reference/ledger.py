"""Cash, positions and what they cost, in whole micros, rounded half to even."""

from __future__ import annotations

from fractions import Fraction

from reference.rules import plus


class Ledger:
    """The account, and the positions of each strategy and symbol in it."""

    def __init__(self, cash):
        self.cash = round(cash * 1_000_000)
        self.units = {}  # (strategy, symbol) -> signed units
        self.cost = {}  # (strategy, symbol) -> signed micros the position cost

    def position(self, key):
        return self.units.get(key, 0)

    def book(self, key, side, quantity, price, commission):
        """One fill: cash moves by the notional and the commission, the position by the units."""
        notional = round(quantity * price * 1e6)
        self.cash -= side * notional + commission
        held, cost = self.position(key), self.cost.get(key, 0)
        if held * side >= 0:  # opens or enlarges
            cost += side * notional
        elif quantity <= abs(held):  # closes: the average cost of the rest stays
            cost = round(cost * (1 - decimal(quantity) / abs(decimal(held))))
        else:  # through zero: closes and opens at the fill's price
            opened = decimal(quantity) - abs(decimal(held))
            cost = side * round(notional * opened / decimal(quantity))
        self.units[key] = plus(held, side * quantity)
        self.cost[key] = cost

    def equity_at_cost(self):
        return self.cash + sum(self.cost.values())

    def cost_of_positions(self):
        return sum(abs(cost) for cost in self.cost.values())

    def equity(self, last_close):
        """Cash and positions at their last closes, in currency."""
        worth = sum(units * last_close[key[1]] for key, units in self.units.items() if units)
        return self.cash / 1e6 + worth


def decimal(units):
    """The number that a float is written as."""
    return Fraction(str(units))
