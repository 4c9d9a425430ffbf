"""Gap fillers: where missing bars are asked for a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mismartera_core.model.columns import BarColumns


class GapFiller(Protocol):
    """Supplies bars of a gap, or fewer, or none."""

    def fill(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:
        """Bars with start_ns <= ts < end_ns; an empty result where there are none.

        Raises:
            DataError: The source failed; the host tries again as the config says.
        """
