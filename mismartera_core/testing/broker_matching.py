"""Promises of a simulated broker about when, and at what price, an order fills."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from mismartera_core.contracts.broker import Broker, WorkingOrder
from mismartera_core.contracts.context import PluginContext
from mismartera_core.model.intervals import MINUTE
from mismartera_core.model.orders import OrderType
from mismartera_core.registrations import BrokerReg
from mismartera_core.testing.desk import Desk, Execution
from mismartera_core.testing.suite import MadeConformance, build, expect, not_applicable

RULES = "see docs/order-semantics.md"

Ohlc = tuple[float, float, float, float]

_QUIET: Ohlc = (100.0, 100.5, 99.5, 100.2)
_GAP_UP: Ohlc = (106.0, 107.0, 104.0, 106.5)
_GAP_DOWN: Ohlc = (94.0, 96.0, 93.0, 95.0)
_WIDE: Ohlc = (100.0, 105.0, 95.0, 101.0)

BUY, SELL = 1, -1

FIRST_BARS: dict[str, tuple[int, dict[str, Any], Ohlc, float | None]] = {
    "market buy: at the open": (BUY, {}, _QUIET, 100.0),
    "market sell: at the open": (SELL, {}, _QUIET, 100.0),
    "limit buy within the bar: at the limit": (BUY, {"limit": 99.6}, _QUIET, 99.6),
    "limit buy gapped over: at the open": (BUY, {"limit": 97.0}, _GAP_DOWN, 94.0),
    "limit buy not reached: no fill": (BUY, {"limit": 99.4}, _QUIET, None),
    "limit sell within the bar: at the limit": (SELL, {"limit": 100.4}, _QUIET, 100.4),
    "limit sell gapped over: at the open": (SELL, {"limit": 103.0}, _GAP_UP, 106.0),
    "limit sell not reached: no fill": (SELL, {"limit": 100.6}, _QUIET, None),
    "stop buy within the bar: at the stop": (BUY, {"stop": 100.4}, _QUIET, 100.4),
    "stop buy gapped over: at the open": (BUY, {"stop": 103.0}, _GAP_UP, 106.0),
    "stop buy not reached: no fill": (BUY, {"stop": 100.6}, _QUIET, None),
    "stop sell within the bar: at the stop": (SELL, {"stop": 99.6}, _QUIET, 99.6),
    "stop sell gapped over: at the open": (SELL, {"stop": 97.0}, _GAP_DOWN, 94.0),
    "stop sell not reached: no fill": (SELL, {"stop": 99.4}, _QUIET, None),
    "stop-limit buy, stop below limit: at the stop": (
        BUY, {"stop": 102.0, "limit": 103.0}, _WIDE, 102.0,
    ),
    "stop-limit buy, stop above limit: not in this bar": (
        BUY, {"stop": 102.0, "limit": 101.0}, _WIDE, None,
    ),
    "stop-limit buy gapped over, limit within the bar: at the limit": (
        BUY, {"stop": 103.0, "limit": 105.0}, _GAP_UP, 105.0,
    ),
    "stop-limit sell, stop above limit: at the stop": (
        SELL, {"stop": 98.0, "limit": 97.0}, _WIDE, 98.0,
    ),
    "stop-limit sell gapped over, limit above the bar: no fill": (
        SELL, {"stop": 97.0, "limit": 96.5}, _GAP_DOWN, None,
    ),
    "trailing sell, last close less trail: at the stop": (SELL, {"trail": 0.4}, _QUIET, 99.6),
    "trailing buy, last close plus trail: at the stop": (BUY, {"trail": 0.4}, _QUIET, 100.4),
    "trailing sell gapped over: at the open": (SELL, {"trail": 2.0}, _GAP_DOWN, 94.0),
}  # fmt: skip
"""What the first bar after the order does to it: side, prices, bar, price of the fill."""


class MatchingPromises(MadeConformance):
    """What a simulated broker promises about prices and times of fills."""

    @pytest.fixture
    def broker(self, registration: BrokerReg, made: Broker) -> Broker:
        """The broker, where it is simulated."""
        if not registration.simulated:
            not_applicable("it is no simulated broker: VenueBrokerConformance is its suite")
        return made

    @pytest.fixture
    def desk(self, broker: Broker) -> Desk:
        """A desk without costs before the broker."""
        return Desk(broker)

    @pytest.mark.parametrize("case", FIRST_BARS, ids=str)
    def test_first_bar(self, desk: Desk, case: str) -> None:
        """The table of docs/order-semantics.md, row by row."""
        side, prices, bar, price = FIRST_BARS[case]
        order = desk.place(side, **prices)
        fills = desk.bar(*bar)
        found = [(fill.quantity, fill.price) for fill in fills]
        wanted = [] if price is None else [(order.quantity, price)]
        expect(found == wanted, case, f"{told(fills)} in the bar {bar}", RULES)

    def test_no_fill_from_a_bar_that_opened_before_the_order(self, desk: Desk) -> None:
        """An order fills from the next bar on: the bar it was placed on is history."""
        order = desk.place(BUY)
        fills = desk.bar(*_QUIET, opened_ns=desk.now_ns - MINUTE)
        expect(
            not fills,
            "an order fills from bars that open when it is placed, or later",
            f"{told(fills)} from the bar that opened a minute before the order",
            "skip orders whose from_ns lies after bar.ts",
        )
        desk.bar(*_QUIET, opened_ns=order.submitted_ns)
        expect(
            order.is_done,
            "an order fills from a bar that opens at the instant it was placed",
            "no fill",
            "compare from_ns <= bar.ts",
        )

    def test_trailing_stop_follows_the_price(self, desk: Desk) -> None:
        """After a bar without a fill the stop rises to high - trail, and never falls."""
        desk.place(SELL, trail=2.0)
        desk.bar(100.0, 104.0, 99.0, 103.5)  # the stop was 98, now it is 102
        desk.bar(103.0, 103.5, 102.5, 103.0)  # it stays there
        fills = desk.bar(102.5, 103.0, 101.0, 101.5)
        expect(
            [fill.price for fill in fills] == [102.0],
            "a trailing stop follows the best price at its distance and never moves back",
            f"{told(fills)}, expected a fill at 102.0",
            RULES,
        )

    def test_stop_limit_stays_triggered(self, desk: Desk) -> None:
        """A stop-limit that was triggered without filling is a limit order from then on."""
        desk.place(BUY, stop=102.0, limit=101.0)
        desk.bar(100.0, 103.0, 101.5, 102.5)
        fills = desk.bar(101.5, 101.8, 100.5, 101.0)
        expect(
            [fill.price for fill in fills] == [101.0],
            "a stop-limit order that was triggered is a limit order from the next bar on",
            f"{told(fills)}, expected a fill at 101.0",
            RULES,
        )

    def test_nothing_fills_where_nothing_traded(self, desk: Desk) -> None:
        """A bar with volume 0 fills, triggers and moves nothing; unknown volume fills."""
        order = desk.place(BUY)
        stop = desk.place(SELL, stop=99.8)
        trailing = desk.place(SELL, trail=5.0)
        before = trailing.stop
        fills = desk.bar(*_WIDE, volume=0.0)
        expect(
            not fills and not stop.is_done and trailing.stop == before,
            "a bar with volume 0 fills nothing, triggers nothing and moves no trailing stop",
            f"{told(fills)}, trailing stop {before} and then {trailing.stop}",
            "return at once where bar.volume == 0.0",
        )
        desk.bar(*_QUIET, volume=math.nan)
        expect(order.is_done, "a bar of unknown volume (NaN) fills as usual", "no fill", RULES)

    def test_prices_lie_within_the_bar_and_its_limit(self, broker: Broker) -> None:
        """Of many orders in many bars, none fills at a price that did not trade."""
        chance = random.Random(7)  # noqa: S311 - bars, no secrets
        desk, last = Desk(broker), 100.0
        for _ in range(200):
            for _ in range(2):
                desk.place(chance.choice((BUY, SELL)), **some_prices(chance, last))
            open_ = round(last + chance.uniform(-1.0, 1.0), 2)
            close = round(open_ + chance.uniform(-1.0, 1.0), 2)
            high = round(max(open_, close) + chance.uniform(0.0, 0.5), 2)
            low = round(min(open_, close) - chance.uniform(0.0, 0.5), 2)
            for fill in desk.bar(open_, high, low, close):
                _possible(fill)
            last = close

    def test_brokers_share_nothing(
        self, broker: Broker, registration: BrokerReg, settings: Any, context: PluginContext
    ) -> None:
        """Two brokers with the same orders and bars do the same, one after the other."""
        played = [_play(Desk(one)) for one in (broker, build(registration, settings, context))]
        expect(
            played[0] == played[1],
            "the same orders and bars give the same fills, from every broker that is made",
            f"{played[0]} and then {played[1]}",
            "keep books in the instance, not in the class or the module; draw no random numbers",
        )


def _play(desk: Desk) -> list[tuple[int, float, float]]:
    desk.place(BUY, take_profit=101.0, stop_loss=98.0)
    desk.place(SELL, 50.0, limit=100.3, gtc=True)
    for bar in (_QUIET, _WIDE, _GAP_DOWN):
        desk.bar(*bar)
    return [(fill.order.id, fill.quantity, fill.price) for fill in desk.fills]


def some_prices(chance: random.Random, last: float) -> dict[str, Any]:
    """Prices of an order of any kind, near the last one.

    Args:
        chance: Seeded random numbers.
        last: Last price.
    """
    near = [round(last + chance.uniform(-2.0, 2.0), 2) for _ in range(2)]
    return chance.choice(
        ({}, {"limit": near[0]}, {"stop": near[0]}, {"stop": near[0], "limit": near[1]},
         {"trail": round(chance.uniform(0.1, 2.0), 2)})
    )  # fmt: skip


def _possible(fill: Execution) -> None:
    order, bar = fill.order, fill.bar
    expect(
        bar.low <= fill.price <= bar.high,
        "a fill has a price of its bar",
        f"{_named(order)} filled at {fill.price!r} in {bar!r}",
        "gaps fill at the open; nothing fills outside low and high",
    )
    limited = order.type in (OrderType.LIMIT, OrderType.STOP_LIMIT)
    expect(
        not limited or order.side * fill.price <= order.side * order.limit,
        "a limit order fills at its limit or better",
        f"{_named(order)} filled at {fill.price!r}",
        "compare with the limit before filling",
    )


def _named(order: WorkingOrder) -> str:
    side = "buy" if order.side > 0 else "sell"
    return f"{order.type.value} {side} limit={order.limit} stop={order.stop}"


def told(fills: list[Execution]) -> str:
    """Fills as a message has them.

    Args:
        fills: Recorded by a desk.
    """
    return ", ".join(f"{fill.quantity:g} at {fill.price!r}" for fill in fills) or "no fill"
