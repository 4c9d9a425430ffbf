"""What has come of a live session and waits for its coordinator."""

from __future__ import annotations

import logging
from collections import OrderedDict
from queue import Queue
from typing import Any

from mismartera_core.contracts.stream import StreamedQuotes
from mismartera_core.managers.data_manager.streams import StreamItem

log = logging.getLogger(__name__)

FLOOD = 10_000
"""Items that wait, from which on one of quotes takes the place of its symbol's last."""


class Arrivals(Queue[Any]):
    """A queue that never makes a stream wait and never drops a bar or a trade.

    Where strategies fall far behind, quotes would fill the memory: a quote says what is, so the
    newest of each symbol are enough.

    Attributes:
        conflated: Items of quotes that newer ones have replaced.
    """

    conflated = 0

    def _init(self, maxsize: int) -> None:
        del maxsize
        self._items: OrderedDict[int, object] = OrderedDict()
        self._last: dict[str, int] = {}
        self._number = 0

    def _qsize(self) -> int:
        return len(self._items)

    def _put(self, item: object) -> None:
        self._number += 1
        if isinstance(item, StreamItem) and isinstance(item.event, StreamedQuotes):
            symbol = item.event.symbol
            if len(self._items) >= FLOOD and self._items.pop(self._last.get(symbol, 0), None):
                if not self.conflated:
                    log.warning("%d arrivals wait: of quotes only the newest are kept", FLOOD)
                self.conflated += 1
            self._last[symbol] = self._number
        self._items[self._number] = item

    def _get(self) -> object:
        return self._items.popitem(last=False)[1]
