"""The fake venue fills like the simulator: its own rule on Decimal gives the core's fills."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import generate

from mismartera_core import Bar, Costs, OrderStatus, OrderType, WorkingOrder
from mismartera_core.builtin.simulated_broker import SimulatedBroker, SimulatedConfig
from mismartera_core.model.columns import BarColumns
from mismartera_core.model.orders import Side, TimeInForce
from mismartera_core.services import cost_formulas as formulas
from mismartera_core.services import matching as core
from mismartera_core.testing import FakeVenue, Terms
from mismartera_core.testing.venue import matching
from mismartera_core.testing.venue.orders import BookOrder, Status

MINUTE = 60_000_000_000
KINDS = {
    "market": (OrderType.MARKET, core.MARKET),
    "limit": (OrderType.LIMIT, core.LIMIT),
    "stop": (OrderType.STOP, core.STOP),
    "stop_limit": (OrderType.STOP_LIMIT, core.STOP_LIMIT),
    "trailing": (OrderType.TRAILING_STOP, core.TRAILING),
}
WHEN = {
    core.NONE: matching.When.NEVER,
    core.AT_OPEN: matching.When.AT_OPEN,
    core.INSIDE: matching.When.INSIDE,
    core.TRIGGERED: matching.When.TRIGGERED,
}
cents = st.integers(9900, 10100).map(lambda n: n / 100)


def kind_of(words):
    given_words = tuple(name for name in ("limit", "stop", "trail") if name in words)
    return {(): "market", ("limit",): "limit", ("stop",): "stop", ("trail",): "trailing"}.get(
        given_words, "stop_limit"
    )


def price_bar(ts, open_, high, low, close, volume):
    exact = [Decimal(repr(value)) for value in (open_, high, low, close)]
    known = None if math.isnan(volume) else Decimal(repr(volume))
    fields = dict(zip(("open", "high", "low", "close"), exact, strict=True))
    return matching.PriceBar(ts=ts, known_ns=ts + MINUTE, volume=known, **fields)


@settings(max_examples=150)
@given(st.data())
@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("kind", KINDS)
def test_the_rule_is_the_cores(kind, side, data):
    low, one, two, high = sorted(data.draw(st.lists(cents, min_size=4, max_size=4)))
    open_, close = data.draw(st.permutations([one, two]))
    limit, stop, trail = data.draw(cents), data.draw(cents), data.draw(cents)
    terms = Terms(
        symbol="A",
        side=Side.BUY if side > 0 else Side.SELL,
        type=KINDS[kind][0],
        quantity=Decimal(1),
        limit=Decimal(repr(limit)),
        trail=Decimal(repr(trail)),
    )
    order = BookOrder(
        number=1,
        id="1",
        client_id="1",
        terms=terms,
        quantity=Decimal(1),
        submitted_ns=0,
        updated_ns=0,
        from_ns=0,
        stop=Decimal(repr(stop)),
    )
    bar = price_bar(MINUTE, open_, high, low, close, 1.0)
    found = matching.outcome(order, bar)
    price, when = core.match(KINDS[kind][1], float(side), limit, stop, open_, high, low)
    assert found.when is WHEN[when]
    assert found.price == (None if math.isnan(price) else Decimal(repr(price)))
    if kind == "trailing":
        moved = core.trail(float(side), stop, trail, high, low)
        assert matching.trailed(order, bar) == Decimal(repr(moved))


class Simulated:
    """The simulated broker, driven alone."""

    def __init__(self, participation):
        self.broker = SimulatedBroker(SimulatedConfig(cash=1000, leverage=None))
        self.orders, self.fills, self.now, self.last = [], [], 0, math.nan
        share = None if participation is None else (formulas.participation, (participation, 1.0))

        def on_fill(order, quantity, price, fee, bar, _exact):
            self.fills.append((order.id, order.side, quantity, price, bar.ts))

        self.broker.start(Costs(participation=share), on_fill, lambda order: None)

    def step(self, bar):
        self.now, self.last = bar[6], bar[4]
        if 0 in self.broker.working_symbols():
            self.broker.match(0, Bar(None, *bar), self.now)

    def order(self, side, quantity, words):
        words = dict(words)
        exits = [(kind, words.pop(name, None)) for kind, name in EXITS]
        other = words.pop("other", None)
        order = self._made(side, quantity, words)
        legs = [
            self._made(-side, quantity, {kind: price, "tif": "gtc"})
            for kind, price in exits
            if price is not None
        ]
        for leg in legs:
            leg.status, leg.entry = OrderStatus.HELD, order
        if len(legs) == 2:
            legs[0].oco, legs[1].oco = legs[1], legs[0]
        order.legs = tuple(legs)
        self.broker.submit(order)
        if other is not None:
            pair = self._made(*other)
            order.oco, pair.oco = pair, order
            self.broker.submit(pair)
        return order

    def _made(self, side, quantity, words):
        type_, kind = KINDS[kind_of(words)]
        trail, stop = words.get("trail", math.nan), words.get("stop", math.nan)
        order = WorkingOrder(
            None,
            0,
            side,
            float(quantity),
            self.now,
            type=type_,
            kind=kind,
            limit=words.get("limit", math.nan),
            stop=stop if math.isnan(trail) else self.last + side * trail,
            trail=trail,
            gtc=words.get("tif") == "gtc",
        )
        self.orders.append(order)
        order.id = len(self.orders)
        return order

    def cancel(self, order):
        if order.oco is None and not order.is_done:
            self.broker.cancel(order, "cancelled", self.now)

    def cancel_all(self):
        for order in tuple(self.orders):
            order.legs = ()
            if not order.is_done:
                self.broker.cancel(order, "cancelled", self.now)

    def end(self):
        self.broker.end_session(self.now)
        return [(o.status.value, o.filled_quantity) for o in self.orders]


EXITS = (("limit", "take_profit"), ("stop", "stop_loss"))


class Venued:
    """The same on the fake venue."""

    def __init__(self, series, participation, *, prompt):
        columns = [list(column) for column in zip(*series, strict=True)]
        self.venue = FakeVenue(
            {"A": BarColumns.build(*columns[:6], interval_ns=MINUTE)},
            multiplier=None,
            crossing=True,
            wash_trades=True,
            participation=participation,
            prompt=prompt,
        )

    def step(self, bar):
        # what closes at the end of the day has filled before day orders expire
        self.venue.advance(bar[6])

    def order(self, side, quantity, words):
        return self.venue.submit(self._terms(side, quantity, words))

    def _terms(self, side, quantity, words):
        words = dict(words)
        exits = [(kind, words.pop(name, None)) for kind, name in EXITS]
        other = words.pop("other", None)
        numbers = {n: Decimal(repr(v)) for n, v in words.items() if n in ("limit", "stop", "trail")}
        return Terms(
            symbol="A",
            side=Side.BUY if side > 0 else Side.SELL,
            type=KINDS[kind_of(words)][0],
            quantity=Decimal(quantity),
            time_in_force=TimeInForce(words.get("tif", "day")),
            exits=tuple(
                self._terms(-side, quantity, {kind: price, "tif": "gtc"})
                for kind, price in exits
                if price is not None
            ),
            other=None if other is None else self._terms(*other),
            **numbers,
        )

    def cancel(self, order):
        if order.sibling is None and not order.is_final:
            self.venue.cancel(order.id)

    def cancel_all(self):
        self.venue.cancel_all()

    @property
    def fills(self):
        numbers = {order.id: order.number for order in self.venue.book.orders.values()}
        return [
            (numbers[f.order_id], 1 if f.side is Side.BUY else -1, f.quantity, f.price, f.bar_ts)
            for f in self.venue.book.fills
        ]

    def end(self):
        return [(WORDS.get(o.status, o.status.value), o.filled) for o in self._orders()]

    def _orders(self):
        return sorted(self.venue.book.orders.values(), key=lambda order: order.number)


WORDS = {Status.WORKING: "working", Status.ACCEPTED: "working", Status.HELD: "held"}


def play(world, series, script):
    placed = []
    for number, bar in enumerate(series):
        world.step(bar)
        for action, *words in script.get(number, ()) if number < len(series) - 1 else ():
            if action == "order":
                placed.append(world.order(*words))
            elif action == "cancel" and words[0] < len(placed):
                world.cancel(placed[words[0]])
            elif action == "cancel_all":
                world.cancel_all()
    return world.end()


@st.composite
def actions(draw):
    kind = draw(st.sampled_from(["order", "order", "order", "pair", "cancel", "cancel_all"]))
    side, quantity = draw(generate.SIDES), draw(generate.QUANTITIES)
    if kind == "cancel":
        return [("cancel", draw(st.integers(0, 5)))]
    if kind == "cancel_all":
        return [("cancel_all",)]
    words = draw(generate.words(legs=kind == "order"))
    if kind == "pair":
        second = draw(generate.SIDES), draw(generate.QUANTITIES), draw(generate.words(legs=False))
        words["other"] = second
    return [("order", side, quantity, words)]


@st.composite
def cases(draw):
    rows = draw(st.lists(generate.rows(), min_size=2, max_size=10))
    script = {n: draw(actions()) for n in range(len(rows)) if draw(st.booleans())}
    share = draw(st.sampled_from([None, None, 0.1, 0.25]))
    return rows, script, share, share is None and draw(st.booleans())


@settings(max_examples=300)
@given(cases())
def test_the_venue_fills_like_the_simulator(case):
    rows, script, share, prompt = case
    series = [(i * MINUTE, *row, (i + 1) * MINUTE) for i, row in enumerate(rows)]
    simulated, venued = Simulated(share), Venued(series, share, prompt=prompt)
    ends = play(simulated, series, script)
    assert play(venued, series, script) == ends
    if prompt:  # earlier, but the same ones
        assert sorted(venued.fills) == sorted(simulated.fills)
    else:
        assert venued.fills == simulated.fills
