"""The simulated broker, driven alone, gives the fills and the ends of the reference."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import generate
from reference.scripts import Scripted
from reference.simulator import MINUTE, Market

from mismartera_core import Bar, Costs, OrderStatus, OrderType, WorkingOrder
from mismartera_core.builtin.simulated_broker import SimulatedBroker, SimulatedConfig
from mismartera_core.services import cost_formulas as formulas

KINDS = {
    "market": (OrderType.MARKET, 0),
    "limit": (OrderType.LIMIT, 1),
    "stop": (OrderType.STOP, 2),
    "stop_limit": (OrderType.STOP_LIMIT, 3),
    "trailing": (OrderType.TRAILING_STOP, 4),
}
NAMES = {
    (False, False, False): "market",
    (True, False, False): "limit",
    (False, True, False): "stop",
    (True, True, False): "stop_limit",
    (False, False, True): "trailing",
}


class Desk:
    """The reference's desk on a SimulatedBroker: just enough of an engine for one symbol."""

    def __init__(self, broker):
        self.broker, self.orders, self.fills = broker, [], []
        self.now, self.last = 0, math.nan

    def record(self, side, quantity, *, limit=None, stop=None, trail=None, tif="day"):
        type_, kind = KINDS[NAMES[limit is not None, stop is not None, trail is not None]]
        if trail is not None:
            stop = self.last + side * trail
        order = WorkingOrder(
            None,
            0,
            side,
            float(quantity),
            self.now,
            type=type_,
            kind=kind,
            limit=math.nan if limit is None else limit,
            stop=math.nan if stop is None else stop,
            trail=math.nan if trail is None else trail,
            gtc=tif == "gtc",
        )
        self.orders.append(order)
        order.id = len(self.orders)
        return order

    def place(
        self, _symbol, side, quantity, *, take_profit=None, stop_loss=None, oco=None, **words
    ):
        order = self.record(side, quantity, **words)
        if oco is not None and not oco.is_done:
            order.oco, oco.oco = oco, order
        legs = []
        for kind, price in (("limit", take_profit), ("stop", stop_loss)):
            if price is not None:
                leg = self.record(-side, quantity, tif="gtc", **{kind: price})
                leg.status, leg.entry = OrderStatus.HELD, order
                legs.append(leg)
        if len(legs) == 2:
            legs[0].oco, legs[1].oco = legs[1], legs[0]
        order.legs = tuple(legs)
        self.broker.submit(order)
        if oco is not None and order.oco is None:
            self.cancel(order)
        return order

    def cancel(self, order):
        if not order.is_done:
            self.broker.cancel(order, "cancelled by the strategy", self.now)

    def cancel_all(self, _symbol):
        for order in tuple(self.orders):
            if not order.is_done:
                order.legs = ()
                self.broker.cancel(order, "cancelled by the strategy", self.now)


def drive(series, script, costs):
    broker = SimulatedBroker(SimulatedConfig(cash=1000, leverage=None))
    desk, scripted = Desk(broker), Scripted({"A": script})

    def on_fill(order, quantity, price, fee, bar, _exact):
        fee = formulas.to_micros(fee)
        desk.fills.append((order.id, order.side, quantity, price, fee, bar.ts))
        scripted.on_fill(desk, {"symbol": "A"})

    broker.start(costs, on_fill, lambda order: None)
    for bar in series:
        desk.now, desk.last = bar[6], bar[4]
        if 0 in broker.working_symbols():
            broker.match(0, Bar(None, *bar), desk.now)
        scripted.on_bar(desk, "A", bar)
    broker.end_session(desk.now + MINUTE)
    return desk


@st.composite
def cases(draw):
    rows = draw(st.lists(generate.rows(), min_size=2, max_size=10))
    return {
        "rows": rows,
        "script": draw(generate.scripts(len(rows), close=False, change=False)),
        "participation": draw(st.sampled_from([None, 0.1, 0.25])),
        "commission": draw(st.sampled_from([formulas.FREE, (1.0, 0.1, 0.005, 0.001, 0.01)])),
        "slippage": draw(st.sampled_from([formulas.EXACT, (0.25, 0.001, 0.1)])),
    }


@settings(max_examples=100)
@given(cases())
def test_broker_equals_reference(case):
    series = [(i * MINUTE, *row, (i + 1) * MINUTE) for i, row in enumerate(case["rows"])]
    end = (len(series) + 1) * MINUTE
    run = Market(
        {"A": series},
        [(0, end, end)],
        {"s": Scripted({"A": case["script"]})},
        cash=1000,
        participation=case["participation"],
        commission=case["commission"],
        slippage=case["slippage"],
    ).run()
    share = case["participation"]
    costs = Costs(
        commission=(formulas.commission, case["commission"]),
        slippage=(formulas.slippage, case["slippage"]),
        participation=None if share is None else (formulas.participation, (share, 1.0)),
    )
    desk = drive(series, case["script"], costs)
    assert desk.fills == [
        (f["order"], f["side"], f["quantity"], f["price"], f["commission"], f["bar_ts"])
        for f in run.fills
    ]
    assert [(o.status.value, o.filled_quantity) for o in desk.orders] == [
        (o["status"], o["filled"]) for o in run.orders
    ]


@pytest.mark.parametrize("fills", [True, False])
def test_a_leg_that_was_cancelled_before_its_entry_ended_stays_so(fills):
    broker = SimulatedBroker(SimulatedConfig(cash=1000, leverage=None))
    filled = []
    broker.start(Costs(), lambda order, *_: filled.append(order.id), lambda order: None)
    desk = Desk(broker)
    entry = desk.place("A", 1, 10, limit=9.0, take_profit=12.0, stop_loss=8.0)
    profit, loss = entry.legs
    desk.cancel(profit)
    if fills:
        broker.match(0, Bar(None, MINUTE, 9.5, 9.5, 8.9, 9.0, 100.0, 2 * MINUTE), 2 * MINUTE)
    else:
        desk.cancel(entry)
    assert filled == [entry.id] * fills
    assert profit.status is OrderStatus.CANCELLED
    assert loss.status is (OrderStatus.WORKING if fills else OrderStatus.CANCELLED)
