"""The whole order path: journal, desk, adapter, the real alpaca-py, sockets, and a fake venue."""

import threading
from dataclasses import replace
from decimal import Decimal

import pytest
from alpaca_server import context
from mismartera_alpaca.broker import AlpacaBroker
from mismartera_alpaca.config import BrokerConfig

from mismartera_core.managers.execution_manager.venue import Timing
from mismartera_core.managers.execution_manager.venue.fetching import ThreadFetcher
from mismartera_core.model.orders import OrderStatus
from mismartera_core.repositories.database import open_database
from mismartera_core.testing import (
    AlpacaVenue,
    DeskRig,
    Fault,
    FrameFault,
    HandClock,
    sessions_of,
    walk_bars,
)

SESSION = sessions_of([60])
BARS = walk_bars(SESSION, seed=3)
PRICE = round(float(BARS.open[0]), 2)
CHEAP = round(PRICE / 2, 2)
SECRETS = {"ALPACA_API_KEY": "PKTEST-LOOPBACK", "ALPACA_SECRET_KEY": "none-of-your-business"}
MINUTE = 60_000_000_000
TIMING = Timing(orders_every=5.0, positions_every=10.0, retry=0.5)
LOST = [Fault.status(504).after_acting(), Fault.silence().after_acting(), Fault.dropped()]


class Traded:
    """A fake venue, and processes that trade at it one after the other."""

    def __init__(self, venue, folder):
        self.venue = venue
        self.database = open_database(f"sqlite:///{folder / 'journal.db'}")
        self.folder = folder
        self.clock = HandClock(int(venue.clock.now_ns))
        self.rig = None

    def begin(self):
        """Begin a process; the one before is gone."""
        if self.rig is not None:
            self.end()
        broker = AlpacaBroker(
            BrokerConfig(
                trading_url=self.venue.url,
                trading_stream_url=self.venue.trading_url,
                connect_seconds=1,
                read_seconds=0.5,
                deadline_seconds=1.5,
                requests_per_minute=10_000,
            ),
            context(self.folder, SECRETS),
        )
        self.rig = DeskRig(
            self.database, broker, clock=self.clock, timing=TIMING, fetcher=ThreadFetcher()
        ).begin()
        return self.rig

    def end(self):
        self.rig.desk.close()

    def market(self, minutes=1):
        """Let the venue's market go on."""
        self.venue.advance(self.venue.clock.now_ns + minutes * MINUTE)

    def until(self, so):
        """Poll until something is so; the engine's clock goes ten times as fast as the wall's."""
        pause = threading.Event()
        for _ in range(600):
            self.rig.clock.now_ns += 200_000_000
            self.rig.poll()
            if so():
                return
            pause.wait(0.02)
        raise AssertionError([notice.words for notice in self.rig.notices])

    def agree(self):
        """The books are the venue's, to the cent."""
        venue = self.rig.venue
        held = {p.symbol: p.quantity for p in venue.positions()}
        assert self.rig.engine.units() == held
        cents = Decimal("0.01")
        assert self.rig.cash.quantize(cents) == venue.account().cash.quantize(cents)
        booked = [b.execution.execution_id for b in self.rig.journal.executions()]
        assert len(booked) == len(set(booked)) == len(venue.executions(0))
        assert self.rig.verdicts == []


@pytest.fixture(params=[True, False], ids=["one_id", "listed_by_other_ids"])
def one_id(request):
    """Whether the venue lists an execution by the id that its stream tells."""
    return request.param


@pytest.fixture
def traded(tmp_path, request, one_id):
    key, secret = SECRETS.values()
    options = {"multiplier": 4, **getattr(request, "param", {})}
    earlier = options.pop("earlier", 0)
    bars = replace(BARS, ts=BARS.ts - earlier, available_at=BARS.available_at - earlier)
    options |= {"start_ns": int(bars.ts[0]), "sessions": SESSION}
    with AlpacaVenue({"AAPL": bars, "MSFT": bars}, key=key, secret=secret, **options) as venue:
        venue.limit.per_minute = 100_000
        venue.activity_ids = one_id
        made = Traded(venue, tmp_path)
        made.begin()
        yield made
        made.end()
        assert made.rig.wrong() == []
        made.database.close()


@pytest.fixture
def rig(traded):
    return traded.rig


def test_an_order_is_filled_and_the_books_agree(traded, rig):
    order = rig.order(10)
    assert order.status is OrderStatus.WORKING
    traded.market()
    traded.until(lambda: order.is_done)
    assert (order.status, rig.held()) == (OrderStatus.FILLED, 10.0)
    traded.agree()


@pytest.mark.parametrize("fault", LOST, ids=["504", "mute", "reset"])
def test_a_lost_answer_makes_one_order(traded, rig, fault):
    traded.venue.faults.on("POST /orders", fault)
    order = rig.order(10, limit=CHEAP)
    traded.until(lambda: not order.reason)
    assert order.status is OrderStatus.WORKING
    assert len(rig.venue.open_orders()) == 1
    assert rig.heard("unknown") == 1
    rig.engine.cancel(order, "out")
    traded.until(lambda: order.is_done)
    assert order.status is OrderStatus.CANCELLED
    traded.agree()


@pytest.mark.parametrize("fault", [FrameFault.twice(), FrameFault.swapped(), FrameFault.silence()])
def test_fills_told_twice_out_of_turn_or_never_are_booked_once(traded, rig, fault):
    traded.venue.faults.on("trades fill *", fault)
    first, second = rig.order(10), rig.order(5, "MSFT")
    traded.market()
    traded.until(lambda: first.is_done and second.is_done)
    assert (rig.held(), rig.held("MSFT")) == (10.0, 5.0)
    traded.agree()


@pytest.mark.parametrize("fault", [None, *LOST[:2]], ids=["heard", "504", "mute"])
def test_an_order_is_changed_once_whatever_becomes_of_the_answer(traded, rig, fault):
    order = rig.order(10, limit=CHEAP)
    if fault is not None:
        traded.venue.faults.on("PATCH /orders/*", fault)
    rig.change(order, limit=round(PRICE * 1.02, 2), quantity=6)
    traded.until(lambda: order.quantity == 6.0)
    assert len(rig.venue.open_orders()) == 1
    traded.market()
    traded.until(lambda: order.is_done)
    assert (order.status, rig.held(), order.id) == (OrderStatus.FILLED, 6.0, 1)
    traded.agree()


def test_a_change_that_never_arrived_is_not_sent_again(traded, rig):
    order = rig.order(10, limit=CHEAP)
    traded.venue.faults.on("PATCH /orders/*", Fault.dropped())
    rig.change(order, quantity=6)
    traded.until(lambda: order.reason.startswith("not changed"))
    assert (order.quantity, order.status, rig.desk.frozen) == (10.0, OrderStatus.WORKING, {})
    traded.agree()


def test_a_change_that_the_venue_refuses_leaves_the_order_as_it_was(traded, rig):
    order = rig.order(10, limit=CHEAP)
    rig.change(order, quantity=10_000_000)
    assert (order.quantity, order.status) == (10.0, OrderStatus.WORKING)
    assert "not changed: " in order.reason
    traded.agree()


def test_a_changed_stop_is_known_again_after_a_restart(traded, rig):
    entry = rig.order(10, take_profit=round(PRICE * 2, 2), stop_loss=CHEAP)
    traded.market()
    traded.until(lambda: entry.is_done)
    moved = round(CHEAP + 1.0, 2)
    rig.change(entry.legs[1], stop=moved)
    assert entry.legs[1].reason == ""
    traded.until(lambda: entry.legs[1].stop == moved)
    rig = traded.begin()
    legs = [o for book in rig.desk.working_symbols().values() for o in book]
    assert sorted(leg.stop for leg in legs if leg.type.value == "stop") == [moved]
    traded.agree()


def test_what_happens_while_the_socket_is_gone_is_fetched(traded, rig):
    order = rig.order(10)
    traded.venue.faults.on("trades fill *", FrameFault.dropped())
    traded.market()
    traded.until(lambda: order.is_done and not rig.desk.blocked and rig.heard("reconciled") == 2)
    assert rig.held() == 10.0
    traded.agree()


def test_another_process_takes_up_where_the_first_was_cut_off(traded, rig):
    rig.order(10)
    resting = rig.order(3, "MSFT", limit=CHEAP)
    traded.end()
    traded.market()
    rig = traded.begin()
    assert rig.held() == 10.0
    working = [o for book in rig.desk.working_symbols().values() for o in book]
    assert [(o.limit, o.remaining) for o in working] == [(resting.limit, 3.0)]
    traded.agree()
    rig.clock.now_ns += MINUTE
    leaving = rig.order(-10, closing=True)
    traded.market()
    traded.until(lambda: leaving.is_done)
    assert rig.held() == 0.0
    traded.agree()


def test_the_legs_of_a_bracket_are_known_and_known_again(traded, rig):
    entry = rig.order(10, take_profit=round(PRICE * 2, 2), stop_loss=CHEAP)
    traded.market()
    traded.until(lambda: entry.is_done)
    assert [leg.status for leg in entry.legs] == [OrderStatus.WORKING] * 2
    rig = traded.begin()
    legs = [o for book in rig.desk.working_symbols().values() for o in book]
    assert sorted(leg.type.value for leg in legs) == ["limit", "stop"]
    for leg in legs:
        rig.engine.cancel(leg, "closing the position")
    rig.clock.now_ns += MINUTE
    leaving = rig.order(-10, closing=True)
    traded.until(lambda: not rig.desk._core.books.of(legs[0]).venue_id or legs[0].is_done)
    traded.until(lambda: legs[1].is_done)
    traded.market()
    traded.until(lambda: leaving.is_done)
    assert (leaving.status, rig.held()) == (OrderStatus.FILLED, 0.0)
    traded.agree()


@pytest.mark.parametrize("traded", [{"participation": "0.01"}], indirect=True, ids=["in parts"])
def test_an_order_that_is_changed_after_a_part_was_filled_is_for_what_is_left(traded, rig):
    order = rig.order(50, limit=2 * PRICE)
    while not traded.venue.book.fills:
        traded.venue.advance(traded.venue.next_ns)
    traded.until(lambda: order.filled_quantity)
    filled = order.filled_quantity
    assert filled < 50
    (there,) = rig.venue.open_orders()
    by_hand = replace(rig.desk._core.books.by_venue(there.venue_id).terms, client_id="by-hand")
    rig.venue.replace(there.venue_id, by_hand)
    traded.until(lambda: rig.desk._core.books.by_venue(there.venue_id).venue_id != there.venue_id)
    assert order.remaining == 50 - filled
    traded.market(59)
    traded.until(lambda: order.is_done)
    assert (order.filled_quantity, rig.held()) == (50.0, 50.0)
    traded.agree()


@pytest.mark.parametrize("traded", [{"earlier": 90 * MINUTE}], indirect=True, ids=["pre-market"])
@pytest.mark.parametrize("extended", [True, False])
def test_in_the_pre_market_a_plain_limit_order_fills_where_the_session_has_it(
    traded, rig, extended
):
    if extended:
        opens = int(BARS.ts[0])
        rig.engine.regular_hours(opens, opens + 390 * MINUTE)
        assert rig.order(10).reason.startswith("outside of regular hours only limit orders")
    order = rig.order(10, limit=2 * PRICE)
    traded.market(3)
    traded.until(lambda: order.is_done or not extended)
    assert (order.status is OrderStatus.FILLED, rig.held()) == (extended, 10.0 * extended)
    traded.agree()


@pytest.mark.parametrize("traded", [{"participation": "0.01"}], indirect=True, ids=["in parts"])
def test_an_order_that_is_changed_twice_in_parts_is_for_no_more_than_was_asked(traded, rig):
    order = rig.order(50, limit=2 * PRICE)
    while not traded.venue.book.fills:
        traded.venue.advance(traded.venue.next_ns)
    traded.until(lambda: order.filled_quantity)
    rig.change(order, limit=2 * PRICE + 1)
    rig.change(order, quantity=60)
    (there,) = rig.venue.open_orders()
    assert there.quantity - there.filled_quantity == order.remaining < 60
    traded.market(59)
    traded.until(lambda: order.is_done)
    assert (order.status, order.filled_quantity, rig.held()) == (OrderStatus.FILLED, 60.0, 60.0)
    traded.agree()
