"""Every order of ours, found by our id, by the venue's, and by what the engine holds."""

from __future__ import annotations

from collections.abc import Iterator

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.managers.execution_manager.venue.tracked import Stage, Tracked


class OrderBooks:
    """Orders of this process, and those it has taken over.

    Attributes:
        working: Working orders by symbol row; live, the engine looks into it.
        open: Orders that have not ended, by our id.
    """

    def __init__(self) -> None:
        self.working: dict[int, list[WorkingOrder]] = {}
        self.open: dict[str, Tracked] = {}
        self._by_client: dict[str, Tracked] = {}
        self._by_venue: dict[str, Tracked] = {}
        self._by_order: dict[WorkingOrder, Tracked] = {}

    def add(self, tracked: Tracked) -> None:
        """Take an order, and its legs."""
        for one in (tracked, *tracked.legs):
            self._by_client[one.client_id] = one
            self._by_order[one.order] = one
            if one.change is not None:
                self._by_client[one.change.client_id] = one
            self.open[one.client_id] = one
            self.working.setdefault(one.order.symbol, []).append(one.order)

    def alias(self, client_id: str, tracked: Tracked) -> None:
        """Find an order by another id of ours, too: that of a change of it."""
        self._by_client[client_id] = tracked

    def remember(self, tracked: Tracked, venue_id: str) -> None:
        """Take an order that has ended, so that it is found."""
        self._by_client[tracked.client_id] = tracked
        for known in (*sorted(tracked.was), *([venue_id] if venue_id else [])):
            self.name(tracked, known)

    def name(self, tracked: Tracked, venue_id: str) -> None:
        """Learn the venue's id of an order."""
        if tracked.venue_id not in ("", venue_id):
            tracked.was.add(tracked.venue_id)
        tracked.venue_id = venue_id
        self._by_venue[venue_id] = tracked

    def by_client(self, client_id: str) -> Tracked | None:
        """The order with an id of ours."""
        return self._by_client.get(client_id)

    def by_venue(self, venue_id: str) -> Tracked | None:
        """The order with an id of the venue's."""
        return self._by_venue.get(venue_id)

    def of(self, order: WorkingOrder) -> Tracked | None:
        """The order of what the engine holds."""
        return self._by_order.get(order)

    def remove(self, tracked: Tracked) -> None:
        """An order has ended: it is still found, but works no more."""
        tracked.stage = Stage.DONE
        if self.open.get(tracked.client_id) is tracked:
            del self.open[tracked.client_id]
        book = self.working.get(tracked.order.symbol, [])
        if tracked.order in book:
            book.remove(tracked.order)
        if not book:
            self.working.pop(tracked.order.symbol, None)

    def unclear(self, symbol: str) -> Iterator[Tracked]:
        """Orders of a symbol that the venue may have without our knowing, or as we do not know.

        Legs are part of their entry, but for a change of them.
        """
        unclear = (t for t in self.open.values() if t.change or (t.is_unclear and not t.is_leg))
        return (t for t in unclear if t.symbol == symbol)

    def live(self) -> list[Tracked]:
        """Orders that the venue has, by its own id."""
        return [t for t in self.open.values() if t.stage is Stage.LIVE and t.venue_id]
