"""What a strategy may do: place, cancel, close, target."""

from __future__ import annotations

import math

OPEN_STATES = ("held", "working", "partially_filled")
LIVE_STATES = ("working", "partially_filled")


class Desk:
    """What one strategy may do."""

    def __init__(self, market, name):
        self.market, self.name = market, name

    @property
    def now(self):
        return self.market.clock

    def position(self, symbol):
        return self.market.ledger.position((self.name, symbol))

    def order(self, number):
        return self.market.orders[number - 1]

    def open_orders(self, symbol):
        """Orders of this strategy in the symbol that may still fill, held legs included."""
        return [
            order
            for order in self.market.orders
            if order["strategy"] == self.name
            and order["symbol"] == symbol
            and order["status"] in OPEN_STATES
        ]

    def place(self, symbol, side, quantity, *, take_profit=None, stop_loss=None, oco=None, **words):
        """Any order; words: limit, stop, trail, tif, tag. Returns its number.

        oco: number of another order. take_profit, stop_loss: prices of a bracket's legs.
        """
        order = self.market.submit(self.name, symbol, side, quantity, **words)
        if oco is not None:
            order["oco"], self.order(oco)["oco"] = oco, order["id"]
        legs = []
        for kind, price in (("limit", take_profit), ("stop", stop_loss)):
            if price is not None:
                leg = self.market.record(
                    self.name, symbol, -side, quantity, tif="gtc", **{kind: price}
                )
                leg.update(status="held", parent=order["id"])
                legs.append(leg)
        if len(legs) == 2:
            legs[0]["oco"], legs[1]["oco"] = legs[1]["id"], legs[0]["id"]
        order["legs"] = [leg["id"] for leg in legs]
        self.market.release_legs(order)  # a rejected entry has ended without a fill
        return order["id"]

    def cancel(self, number):
        order = self.order(number)
        if order["status"] in OPEN_STATES:
            self.market.end(order, "cancelled", "cancelled by the strategy")

    def cancel_all(self, symbol, reason="cancelled by the strategy"):
        for order in self.open_orders(symbol):
            order["legs"] = []  # held legs are cancelled by this loop itself
            self.market.end(order, "cancelled", reason)

    def close(self, symbol, tif="day"):
        """Cancel what works in the symbol, leave the position at market."""
        for order in self.open_orders(symbol):
            if order["closing"]:
                return order["id"]
        self.cancel_all(symbol, "closing the position")
        units = self.position(symbol)
        if not units:
            return None
        number = self.place(symbol, -1 if units > 0 else 1, abs(units), tif=tif)
        self.order(number)["closing"] = True
        return number

    def target(self, symbol, units, *, stop_loss=None, take_profit=None):
        """Hold so many units; NaN leaves everything as it is."""
        if math.isnan(units):
            return
        held = self.position(symbol)
        working = [o for o in self.open_orders(symbol) if o["target"]]
        coming = sum(o["side"] * (o["quantity"] - o["filled"]) for o in working)
        if units == held + coming:
            return
        for order in working:
            self.market.end(order, "cancelled", "replaced by a newer target")
        if units == held:
            return
        for order in self.open_orders(symbol):  # legs of an earlier target
            if order["parent"] and self.order(order["parent"])["target"]:
                self.market.end(order, "cancelled", "replaced by a newer target")
        number = self.place(
            symbol,
            1 if units > held else -1,
            abs(units - held),
            stop_loss=stop_loss,
            take_profit=take_profit,
        )
        self.order(number)["target"] = True
