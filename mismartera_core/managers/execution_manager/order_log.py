"""What left lately, and what the venue rejected: the counts that rate limits go by."""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass

from mismartera_core.model.journal import JournaledOrder, OrderEventKind
from mismartera_core.model.orders import Side

MINUTE_NS = 60_000_000_000

Intent = tuple[str, int, float]
"""Symbol, side, units."""


class OrderLog:
    """Orders and rejections of the last minute, and when each intent left last.

    Instants never go back; a restart adds what the journal holds, oldest first.
    """

    def __init__(self) -> None:
        self._orders: deque[tuple[int, str]] = deque()
        self._by_strategy: Counter[str] = Counter()
        self._rejects: deque[tuple[int, str]] = deque()
        self._by_symbol: Counter[str] = Counter()
        self._intents: dict[Intent, int] = {}

    def left(self, now_ns: int, strategy: str, symbol: str, side: int, quantity: float) -> None:
        """An order has left, or is about to."""
        self._orders.append((now_ns, strategy))
        self._by_strategy[strategy] += 1
        self._intents[symbol, side, quantity] = now_ns

    def rejected(self, now_ns: int, symbol: str) -> None:
        """The venue has rejected an order."""
        self._rejects.append((now_ns, symbol))
        self._by_symbol[symbol] += 1

    def orders(self, now_ns: int) -> int:
        """Orders of the last 60 s."""
        _forget(self._orders, self._by_strategy, now_ns)
        return len(self._orders)

    def strategy_orders(self, now_ns: int, strategy: str) -> int:
        """Orders of a strategy in the last 60 s."""
        _forget(self._orders, self._by_strategy, now_ns)
        return self._by_strategy[strategy]

    def rejects(self, now_ns: int) -> int:
        """Rejections of the last 60 s."""
        _forget(self._rejects, self._by_symbol, now_ns)
        return len(self._rejects)

    def symbol_rejects(self, now_ns: int) -> int:
        """The most rejections of one symbol in the last 60 s."""
        _forget(self._rejects, self._by_symbol, now_ns)
        return max(self._by_symbol.values(), default=0)

    def intent_age(self, now_ns: int, symbol: str, side: int, quantity: float) -> float:
        """Seconds since the same intent left; infinite where it never has."""
        at = self._intents.get((symbol, side, quantity))
        return math.inf if at is None else (now_ns - at) / 1e9

    def begin_session(self) -> None:
        """Let the intents of the session before go."""
        self._intents.clear()


@dataclass(frozen=True, slots=True, order=True)
class Left:
    """Something that an earlier process sent, or that the venue told it.

    Attributes:
        at_ns: When.
        strategy: Whose.
        symbol: Ticker.
        side: +1 buys, -1 sells.
        quantity: Units.
        is_order: Whether it was an order; else a change of one, or a rejection.
        is_rejected: Whether it is the venue's rejection.
    """

    at_ns: int
    strategy: str
    symbol: str
    side: int
    quantity: float
    is_order: bool = False
    is_rejected: bool = False


def left_by(order: JournaledOrder) -> list[Left]:
    """What of an order's life counts in the rates: that it left, its changes, its rejection.

    Args:
        order: As the journal has it; a leg travels with its entry, and counts for nothing.
    """
    intent = order.intent
    if intent.parent or not order.was_sent:
        return []
    side = 1 if intent.side is Side.BUY else -1
    whose = intent.strategy, intent.symbol, side, float(intent.quantity)
    found = [Left(intent.created_ns, *whose, is_order=True)]
    for event in order.events:
        if event.kind is OrderEventKind.REPLACE_REQUESTED:
            found.append(Left(event.at_ns, *whose))
        elif event.kind is OrderEventKind.REJECTED:
            found.append(Left(event.at_ns, *whose, is_rejected=True))
    return found


def _forget(seen: deque[tuple[int, str]], counts: Counter[str], now_ns: int) -> None:
    """Drop what is 60 s old or older."""
    while seen and seen[0][0] <= now_ns - MINUTE_NS:
        _, name = seen.popleft()
        counts[name] -= 1
