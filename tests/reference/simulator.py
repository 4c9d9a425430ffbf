"""One event at a time: clock, matching, flat by close, strategies, end of session.

A bar is a tuple (ts, open, high, low, close, volume, available_at), stamps in nanoseconds.
A session is a tuple (first, close, last): its first instant, its regular close, its last instant.
A strategy is any object; of on_session_start(desk, symbol), on_bar(desk, symbol, bar) and
on_fill(desk, fill) it has what it needs.
"""

from __future__ import annotations

import math
from fractions import Fraction

from reference import rules
from reference.desk import LIVE_STATES, OPEN_STATES, Desk
from reference.ledger import Ledger

MINUTE = 60_000_000_000
KINDS = {  # (limit?, stop?, trail?)
    (False, False, False): "market",
    (True, False, False): "limit",
    (False, True, False): "stop",
    (True, True, False): "stop_limit",
    (False, False, True): "trailing",
}


def to_price(value):
    """Moving stops are rounded half to even at 1e-6."""
    return value if math.isnan(value) else rules.micros(value) / 1e6


def sees(order, bar):
    """An order fills from bars that open when it is placed, or later."""
    return order["from"] <= bar[0]


class Market:
    """The whole world of one run. Call `run()` and read `fills`, `orders`, `ledger`, `steps`."""

    def __init__(
        self,
        bars,
        sessions,
        strategies,
        *,
        cash,
        leverage=None,
        commission=(0.0, 0.0, 0.0, 0.0, 0.0),
        slippage=(0.0, 0.0, 0.0),
        participation=None,
        lot=1,
        flat_by_close=None,
    ):
        self.bars, self.sessions = bars, sessions
        self.strategies = strategies  # name -> strategy object, in the order of the config
        self.desks = {name: Desk(self, name) for name in strategies}
        self.leverage = None if leverage is None else Fraction(leverage)
        self.commission, self.slippage = commission, slippage
        self.fraction, self.lot = participation, lot
        self.flat_minutes = dict(flat_by_close or {})  # strategy -> minutes before the close
        self.ledger = Ledger(cash)
        self.clock = self.session = self.close = None
        self.orders, self.refused, self.fills, self.steps = [], [], [], []
        self.last_close = dict.fromkeys(bars, math.nan)
        self.flattened = set()
        self.missed = {}  # (strategy, symbol) -> side of the last target refused

    # -- the run ------------------------------------------------------------------------------

    def run(self):
        events = {}  # clock -> {symbol: bar}
        for symbol, series in self.bars.items():
            for bar in series:
                events.setdefault(bar[6], {})[symbol] = bar
        for number, (first, close, last) in enumerate(self.sessions):
            self.session, self.close, self.flattened = number, close, set()
            self.has_post_market = last > close
            self.missed = {}
            self.clock = first
            self.call("on_session_start", self.bars)
            steps = sorted(t for t in events if first < t <= last)
            for clock in [t for t in steps if t <= close]:
                self.step(clock, events[clock])
            self.clock = self.close
            self.flatten(set(self.flat_minutes))  # where no step came late enough
            self.expire()
            for clock in [t for t in steps if t > close]:  # extended hours
                self.step(clock, events[clock])
        return self

    def step(self, clock, known):
        # (1) the clock is set; everything that became known at this instant is known.
        self.clock = clock
        for symbol, bar in known.items():
            self.last_close[symbol] = bar[4]
        # (2) working orders of every symbol whose bar became known, in the order of the config.
        for symbol in self.bars:
            if symbol in known:
                self.match(symbol, known[symbol])
        self.flatten(
            {
                n
                for n, minutes in self.flat_minutes.items()
                if clock >= self.close - minutes * MINUTE
            }
        )
        # (3) strategies, by symbol, then by strategy.
        self.call("on_bar", known)
        self.steps.append(
            {
                "clock": clock,
                "session": self.session,
                "cash": self.ledger.cash,
                "equity": self.ledger.equity(self.last_close),
            }
        )

    def call(self, event, symbols):
        for symbol in self.bars:
            for name, strategy in self.strategies.items():
                if symbol in symbols and hasattr(strategy, event):
                    arguments = (symbols[symbol],) if event == "on_bar" else ()
                    getattr(strategy, event)(self.desks[name], symbol, *arguments)

    # -- orders -------------------------------------------------------------------------------

    def record(
        self, name, symbol, side, quantity, *, limit=None, stop=None, trail=None, tif="day", tag=""
    ):
        quantity = rules.on_grid(quantity)
        order = {
            "id": 0,
            "strategy": name,
            "symbol": symbol,
            "kind": KINDS[limit is not None, stop is not None, trail is not None],
            "side": side,
            "quantity": quantity,
            "filled": 0,
            "limit": limit,
            "stop": stop,
            "trail": trail,
            "tif": tif,
            "tag": tag,
            "status": "working",
            "reason": "",
            "from": self.clock,  # fills from bars that become known later than this
            "updated": self.clock,
            "triggered": False,
            "oco": None,
            "parent": None,
            "legs": [],
            "enlarges": 0,  # units that enlarge the position, counted when it was placed
            "reference": 0.0,
            "closing": False,
            "target": False,
            "extended": False,
            # A day order placed at the close or later is for the next session.
            "session": self.session + (self.clock >= self.close),
            "entry_inside": None,  # (bar open stamp, entry price): its entry filled inside that bar
        }
        if trail is not None:
            # The first stop: the close of the bar at which it was placed, minus or plus the trail.
            order["stop"] = to_price(self.last_close[symbol] + side * trail)
        return order

    def accept(self, order):
        self.orders.append(order)
        order["id"] = len(self.orders)

    def submit(self, name, symbol, side, quantity, *, closing=False, legs=False, **words):
        order = self.record(name, symbol, side, quantity, **words)
        # Outside of regular hours plain limit orders for the day are taken and fill, no others.
        plain = order["kind"] == "limit" and order["tif"] == "day" and not legs
        order["extended"] = self.has_post_market and plain
        held = self.ledger.position((name, symbol))
        closable = abs(held) if held * side < 0 else 0
        order["enlarges"] = max(0, quantity - closable)
        for price in (order["limit"], order["stop"], self.last_close[symbol]):
            if price is not None:
                order["reference"] = price
                break
        if name in self.flattened and not closing:
            self.refuse(order, "flat by close")
        elif self.clock > self.close and not order["extended"]:
            self.refuse(order, "outside of regular hours")
        elif not self.affordable(order):
            self.refuse(order, "buying power")
        else:
            self.accept(order)
        return order

    def refuse(self, order, reason):
        """A signal that becomes no order takes no number."""
        order.update(status="rejected", reason=reason)
        self.refused.append(order)

    def affordable(self, order):
        """Buying power, in exact numbers: need / leverage <= equity - reserved / leverage."""
        if self.leverage is None or not order["enlarges"]:
            return True
        need = round(order["enlarges"] * order["reference"] * 1e6)
        reserved = self.ledger.cost_of_positions()
        for other in self.orders:
            if other["status"] in LIVE_STATES:
                units = min(other["enlarges"], other["quantity"] - other["filled"])
                reserved += round(units * other["reference"] * 1e6)
        return (need + reserved) / self.leverage <= self.ledger.equity_at_cost()

    def afford_change(self, order, wanted, rest):
        """Buying power for an order as it is to be, in place of what it is; then it counts so."""
        prices = ("limit", "stop", "trail")
        more = rest > rules.plus(order["quantity"], -order["filled"])
        if not more and all(wanted[name] == order[name] for name in prices):
            return True
        held = self.ledger.position((order["strategy"], order["symbol"]))
        closable = abs(held) if held * order["side"] < 0 else 0
        was = order["enlarges"], order["reference"]
        reference = next(
            price
            for price in (wanted["limit"], wanted["stop"], self.last_close[order["symbol"]])
            if price is not None
        )
        order["enlarges"] = 0  # the old one makes room
        asks = {"enlarges": max(0, rules.plus(rest, -closable)), "reference": reference}
        fits = self.affordable(asks)
        order["enlarges"], order["reference"] = asks.values() if fits else was
        return fits

    def end(self, order, status, reason):
        order.update(status=status, reason=reason, updated=self.clock)
        self.release_legs(order)

    def release_legs(self, entry):
        """Legs when their entry has ended: cancelled, or at work for what it filled."""
        for leg in entry["legs"]:
            if leg["status"] != "held":
                continue
            units = rules.plus(leg["quantity"], entry["filled"], -entry["quantity"])
            if entry["filled"] == 0 or units <= 0:
                leg.update(status="cancelled", reason="entry ended", updated=self.clock)
            else:
                leg["status"] = "working"
                if entry["status"] != "filled":
                    leg["quantity"] = units
                    leg["from"] = self.clock  # ended by a word, not in the bar: from the next bar

    def expire(self):
        """Day orders end with their session; a held leg follows its entry."""
        for order in self.orders:
            due = order["tif"] == "day" and order["session"] == self.session
            if due and order["status"] in LIVE_STATES:
                self.end(order, "expired", "end of session")

    def flatten(self, names):
        """Flat by close: cancel every order, close every position, open nothing more."""
        names = names - self.flattened
        self.flattened |= names
        for symbol in self.bars:
            for name in self.strategies:
                if name in names:
                    self.desks[name].cancel_all(symbol, "flat by close")
                    self.desks[name].close(symbol)

    # -- matching -----------------------------------------------------------------------------

    def match(self, symbol, bar):
        if bar[5] == 0:
            return  # nothing traded, so nothing fills, triggers or trails
        self.left = rules.participation(bar[5], self.fraction, self.lot)
        outside = bar[0] >= self.close

        def takes(order):
            return sees(order, bar) and (order["extended"] or not outside)

        waiting = [
            order
            for order in self.orders
            if order["symbol"] == symbol and order["status"] in OPEN_STATES and takes(order)
        ]
        done = set()
        for order in waiting:
            if order["id"] in done or order["status"] not in LIVE_STATES or not takes(order):
                continue
            group = [order]
            partner = order["oco"]
            if partner and partner["status"] in LIVE_STATES and takes(partner):
                group.append(partner)
            done.update(member["id"] for member in group)
            self.match_group(group, bar)
        for order in waiting:
            if order["kind"] == "trailing" and order["status"] in LIVE_STATES:
                self.trail(order, bar)

    def match_group(self, group, bar):
        """One order, or an OCO pair of which one goes first."""
        could = []
        for order in group:
            price, at_open, triggered, slips = self.outcome(order, bar)
            if triggered:
                order["triggered"] = True
            if price is not None:
                could.append((order, price, at_open, slips))
        if not could:
            return
        if len(could) == 2 and could[0][2] == could[1][2]:
            # Neither goes first by the open: the worse outcome, lower sells and higher buys.
            (first, a, *_), (second, b, *_) = could
            if first["side"] == second["side"] and (b - a) * first["side"] > 0:
                could.reverse()
        elif len(could) == 2 and could[1][2]:
            could.reverse()
        order, price, at_open, slips = could[0]
        self.fill(order, price, at_open, slips, bar)

    def outcome(self, order, bar):
        ts, o, h, l = bar[:4]  # noqa: E741
        inside = order["entry_inside"]
        if inside is not None and inside[0] == ts:
            if order["kind"] == "limit":
                return None, False, False, False  # the take-profit works from the next bar on
            o = inside[1]
            price, _, triggered, slips = rules.outcome(order, o, h, l)
            return price, False, triggered, slips
        return rules.outcome(order, o, h, l)

    def trail(self, order, bar):
        """After a bar without a fill."""
        if order["triggered"]:
            return
        _, _, high, low, *_ = bar
        if order["side"] < 0:
            order["stop"] = max(order["stop"], to_price(high - order["trail"]))
        else:
            order["stop"] = min(order["stop"], to_price(low + order["trail"]))

    def fill(self, order, price, at_open, slips, bar):
        quantity = min(rules.plus(order["quantity"], -order["filled"]), self.left)
        if quantity <= 0:
            return
        self.left = rules.plus(self.left, -quantity)
        if slips:
            price = rules.slipped(price, order["side"], quantity, bar, *self.slippage)
        fee = rules.commission(quantity, price, *self.commission)
        key = (order["strategy"], order["symbol"])
        self.ledger.book(key, order["side"], quantity, price, fee)
        order["filled"] = rules.plus(order["filled"], quantity)
        order["updated"] = self.clock
        complete = order["filled"] == order["quantity"]
        order["status"] = "filled" if complete else "partially_filled"
        partner = order["oco"]
        if partner is not None and partner["status"] in OPEN_STATES:
            self.end(partner, "cancelled", "one cancels other")
        if complete:
            self.release_legs(order)
            for leg in order["legs"]:
                leg["entry_inside"] = None if at_open else (bar[0], price)
        fill = {
            "order": order["id"],
            "strategy": order["strategy"],
            "symbol": order["symbol"],
            "side": order["side"],
            "quantity": quantity,
            "price": price,
            "commission": fee,
            "bar_ts": bar[0],
            "filled": self.clock,
        }
        self.fills.append(fill)
        strategy = self.strategies[order["strategy"]]
        if hasattr(strategy, "on_fill"):
            strategy.on_fill(self.desks[order["strategy"]], fill)
