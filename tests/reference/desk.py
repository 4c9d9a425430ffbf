"""What a strategy may do: place, cancel, close, target."""

from __future__ import annotations

import math

from reference import rules

OPEN_STATES = ("held", "working", "partially_filled")
LIVE_STATES = ("working", "partially_filled")

MAY_CHANGE = {
    "market": {"quantity"},
    "limit": {"quantity", "limit"},
    "stop": {"quantity", "stop"},
    "stop_limit": {"quantity", "limit", "stop"},
    "trailing": {"quantity", "trail"},
}


class Desk:
    """What one strategy may do."""

    def __init__(self, market, name):
        self.market, self.name = market, name

    @property
    def now(self):
        return self.market.clock

    def position(self, symbol):
        return self.market.ledger.position((self.name, symbol))

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
        """Any order; words: limit, stop, trail, tif, tag.

        oco: another order. take_profit, stop_loss: prices of a bracket's legs.
        """
        market = self.market
        legs = take_profit is not None or stop_loss is not None
        order = market.submit(self.name, symbol, side, quantity, legs=legs, **words)
        if order["status"] == "rejected":
            return order
        for kind, price in (("limit", take_profit), ("stop", stop_loss)):
            if price is not None:
                leg = market.record(self.name, symbol, -side, quantity, tif="gtc", **{kind: price})
                leg.update(status="held", parent=order)
                market.accept(leg)
                order["legs"].append(leg)
        if len(order["legs"]) == 2:
            one, two = order["legs"]
            one["oco"], two["oco"] = two, one
        if oco is not None and oco["status"] in OPEN_STATES:
            order["oco"], oco["oco"] = oco, order
        elif oco is not None:
            market.end(order, "cancelled", "its OCO order has already ended")
        return order

    def cancel(self, order):
        if self.is_flattened:
            return  # all that works now is the closing order
        if order["status"] in OPEN_STATES:
            self.market.end(order, "cancelled", "cancelled by the strategy")

    def replace(self, order, **asked):
        """Change what is given of a working order, or leave it as it is and book why."""
        market, kind = self.market, order["kind"]
        wanted = {name: order[name] for name in ("quantity", "limit", "stop", "trail")}
        for name, value in asked.items():
            wanted[name] = rules.on_grid(value) if name == "quantity" else rules.micros(value) / 1e6
        if "trail" in asked:  # it begins anew
            last = market.last_close[order["symbol"]]
            wanted["stop"] = rules.micros(last + order["side"] * wanted["trail"]) / 1e6
        over = order["triggered"] and asked.keys() & {"stop", "trail"}
        may = asked.keys() <= MAY_CHANGE[kind] and not over and not self.is_flattened
        same = all(order[name] == value for name, value in wanted.items())
        if may and same and order["status"] in OPEN_STATES:
            return
        row = {**order, **wanted, "id": 0, "filled": 0}
        works = order["status"] in LIVE_STATES and not order["closing"]
        rest = rules.plus(wanted["quantity"], -order["filled"])
        if not (may and works and rest > 0 and market.afford_change(order, wanted, rest)):
            market.refuse(row, "not changed")
            return
        for leg in order["legs"]:
            if wanted["quantity"] != order["quantity"]:
                leg["quantity"] = wanted["quantity"]
        order.update(wanted, **{"from": market.clock, "updated": market.clock})
        row.update(status="replaced", reason="changed")
        market.refused.append(row)

    @property
    def is_flattened(self):
        return self.name in self.market.flattened

    def cancel_all(self, symbol, reason="cancelled by the strategy"):
        if self.is_flattened and reason == "cancelled by the strategy":
            return
        for order in self.open_orders(symbol):
            order["legs"] = []  # held legs are cancelled by this loop itself
            self.market.end(order, "cancelled", reason)

    def close(self, symbol):
        """Cancel what works in the symbol, leave the position at market."""
        for order in self.open_orders(symbol):
            if order["closing"]:
                return order
        self.cancel_all(symbol, "closing the position")
        units = self.position(symbol)
        if not units:
            return None
        tif = "gtc" if self.is_flattened else "day"
        order = self.place(symbol, -1 if units > 0 else 1, abs(units), tif=tif, closing=True)
        order["closing"] = True
        return order

    def target(self, symbol, units, *, stop_loss=None, take_profit=None):
        """Hold so many units; NaN leaves everything as it is."""
        if math.isnan(units):
            return
        units = rules.on_grid(units)
        if self.is_flattened:
            self.miss(symbol, units)
            return
        held = self.position(symbol)
        working = [o for o in self.open_orders(symbol) if o["target"] or o["closing"]]
        coming = [o["side"] * rules.plus(o["quantity"], -o["filled"]) for o in working]
        if units == rules.plus(held, *coming):
            return
        for order in working:
            self.market.end(order, "cancelled", "replaced by a newer target")
        if units == held:
            return
        for order in self.open_orders(symbol):  # what protects an earlier target
            self.market.end(order, "cancelled", "replaced by a newer target")
        side, words = (
            1 if units > held else -1,
            {"stop_loss": stop_loss, "take_profit": take_profit},
        )
        shrinks = held * units > 0 and abs(units) < abs(held)
        order = self.place(
            symbol, side, abs(rules.plus(units, -held)), **({} if shrinks else words)
        )
        order["target"] = True
        for leg in order["legs"]:
            leg["quantity"] = abs(units)  # they protect the whole position, not the difference
        if shrinks:
            self.protect(symbol, side, abs(units), stop_loss, take_profit)

    def protect(self, symbol, side, units, stop_loss, take_profit):
        """Orders of their own for what stays of a position: legs would be on the wrong side."""
        pair = {"tif": "gtc"}
        if stop_loss is not None:
            pair["oco"] = self.place(symbol, side, units, stop=stop_loss, tif="gtc")
        if take_profit is not None:
            self.place(symbol, side, units, limit=take_profit, **pair)

    def miss(self, symbol, units):
        """A target after flat by close: refused, the first of each side."""
        key, side = (self.name, symbol), (units > 0) - (units < 0)
        if side and self.market.missed.get(key) != side:
            self.market.missed[key] = side
            order = self.market.record(self.name, symbol, side, abs(units))
            self.market.refuse(order, "flat by close")
