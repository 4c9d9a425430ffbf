"""What a process that is to be killed trades, and what happens at its venue meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.model.orders import OrderType
from mismartera_core.testing.desk_rig import SECOND, START_NS, DeskRig
from mismartera_core.testing.piped_venue import PipedVenue
from mismartera_core.testing.scripted_venue import Answer, ScriptedVenue


class VenueActs:
    """What happens at the venue, each once, however often it is asked for.

    Args:
        venue: The venue.
    """

    def __init__(self, venue: ScriptedVenue) -> None:
        self._venue = venue
        self._done: set[int] = set()
        self._acts: dict[int, Callable[[], object]] = {
            1: lambda: self._fill("AAPL", 4),
            2: lambda: self._fill("AAPL"),
            3: lambda: self._fill("MSFT"),
            4: lambda: venue.script(Answer.DO_THEN_FAIL),
            5: lambda: venue.script(Answer.FAIL),
            6: lambda: venue.lose(1),
            7: self._fill_profit,
            8: lambda: self._fill("AAPL"),
            9: lambda: venue.script_changes(Answer.DO_THEN_FAIL),
        }

    def act(self, number: int) -> None:
        """Have something happen, unless it has."""
        if number not in self._done:
            self._done.add(number)
            self._acts[number]()

    def _fill(self, symbol: str, units: int | None = None) -> None:
        working = [o for o in self._venue.working(symbol) if o.limit_price is None]
        if working:
            left = working[0]
            self._venue.fill(left.venue_id, units, "101")

    def _fill_profit(self) -> None:
        for order in self._venue.working("MSFT"):
            if order.type is OrderType.LIMIT:
                self._venue.fill(order.venue_id, price="110")
                return


def trade(rig: DeskRig, venue: PipedVenue) -> None:
    """The decisions of a short session; a process that begins again makes them again.

    Args:
        rig: The desk.
        venue: Its venue.
    """

    def at(second: float) -> None:
        rig.clock.now_ns = START_NS + int(second * SECOND)
        news()

    def news(act: int = 0) -> None:
        if act:
            venue.ask("act", act)
        venue.now_ns()
        rig.poll()

    at(1)
    rig.order(10)
    news(1)
    news(2)
    at(2)
    rig.order(5, "MSFT", take_profit=110.0, stop_loss=90.0)
    news(3)
    at(3)
    rig.order(-3, limit=120.0)
    for order in working(rig):
        if order.limit == 120.0:
            rig.engine.cancel(order, "no longer wanted")
    news()
    rig.order(4, "MSFT", limit=70.0)
    for order in working(rig):
        if order.limit == 70.0:
            rig.change(order, limit=71.0, quantity=3)
    news(9)
    at(3.5)
    for order in working(rig):
        if order.limit == 71.0:
            rig.change(order, limit=72.0)
    news()
    at(4)
    news(4)
    rig.order(2)
    at(5)
    news(6)
    rig.order(1, "MSFT", limit=80.0)
    news(5)
    rig.order(1, limit=81.0)
    for half in range(12, 20):
        at(half / 2)
    news(7)
    at(10)
    rig.order(7, limit=50.0)
    _close(rig)
    news()
    news(8)
    for second in (12, 20, 45, 75, 110, 140, 145, 150, 155, 160, 165):
        at(second)
        rig.poll()


def working(rig: DeskRig) -> list[WorkingOrder]:
    """Orders that the engine holds for working."""
    return [o for book in rig.desk.working_symbols().values() for o in book]


def _close(rig: DeskRig) -> None:
    """Leave the position in AAPL, unless an order does so already."""
    orders = [o for o in working(rig) if o.owner.symbol_name == "AAPL" and o.limit != 50.0]
    if any(order.closing for order in orders):
        return
    for order in orders:
        rig.engine.cancel(order, "closing the position")
    if rig.held() > 0.0:
        rig.order(-rig.held(), closing=True)
