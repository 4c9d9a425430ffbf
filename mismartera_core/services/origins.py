"""Where the bars of a run come from, by symbol and session, and what of it must not be mixed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from mismartera_core.model.columns import IntArray
from mismartera_core.model.quality import Origin

_AND = " + "
_UNKNOWN = "unknown"
_WHY = {
    "feed": "feeds see different trades: volumes, highs and lows are not alike",
    "adjustment": "prices before and after are not on one scale",
}


class Origins:
    """Origins of the bars of a run.

    Args:
        otherwise: Of symbols whose provider cannot tell.
        by_symbol: Ranges of each symbol, ascending; symbols may be left out.

    Attributes:
        gap_filled: Symbols of which a gap filler has supplied bars before they were stored.
    """

    def __init__(
        self, otherwise: Origin, by_symbol: Mapping[str, Sequence[Origin]] | None = None
    ) -> None:
        self._otherwise = otherwise
        self.gap_filled = frozenset(
            name for name, found in (by_symbol or {}).items() if any(it.filled for it in found)
        )
        self._by_symbol = {name: tuple(found) for name, found in (by_symbol or {}).items() if found}

    def of(self, symbol: str, start_ns: int, end_ns: int) -> Origin:
        """The origin of a symbol's bars in a range; of several, what they say is joined.

        Args:
            symbol: Ticker.
            start_ns: First stamp.
            end_ns: First stamp that is not part of it.
        """
        known = self._by_symbol.get(symbol)
        if known is None:
            return self._otherwise
        if len(known) == 1:
            return known[0]
        within = [it for it in known if it.start_ns < end_ns and it.end_ns > start_ns]
        if not within:
            return self._otherwise
        if len(within) == 1:
            return within[0]
        return replace(
            within[0],
            source=_joined(it.source for it in within),
            feed=_joined(it.feed for it in within),
            adjustment=_joined(it.adjustment for it in within),
            simulated=any(it.simulated for it in within),
        )

    def filled(self, symbol: str, ts: IntArray) -> int:
        """How many of a symbol's bars a gap filler had supplied before they were stored.

        Args:
            symbol: Ticker.
            ts: Opens of the bars, ascending.
        """
        count = 0
        for it in self._by_symbol.get(symbol, ()):
            if it.filled:
                low, high = np.searchsorted(ts, (it.start_ns, it.end_ns)).tolist()
                count += high - low
        return count

    def mixed(self) -> list[str]:
        """A sentence for every symbol whose bars mix feeds or adjustments."""
        found = []
        for symbol, ranges in self._by_symbol.items():
            for name, why in _WHY.items():
                values = sorted({getattr(it, name) for it in ranges})
                if len(values) > 1:
                    listed = " and ".join(value or _UNKNOWN for value in values)
                    found.append(f"{symbol}: {name}s {listed} are mixed in one series: {why}")
        return found


def _joined(values: Iterable[str]) -> str:
    return _AND.join(dict.fromkeys(value for value in values if value))
