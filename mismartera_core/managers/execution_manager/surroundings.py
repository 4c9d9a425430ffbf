"""What feed, venue and machine say beside the books; a backtest leaves it as it is."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Surroundings:
    """Facts that risk checks are handed; each is written by the thread that learns it.

    Every value is replaced as a whole, so that it may be read while it is written.

    Attributes:
        feed_ns: When the feed said anything last; None where it cannot fall silent.
        clock_skew: The machine's clock less the venue's, seconds.
        disk_free: Bytes left where the journal is; infinite where nothing is kept.
        halts: Why symbols do not trade, by symbol.
        shortable: Symbols that are easy to borrow; None where all are.
        may_short: Whether the account may sell short.
        short_restricted: Symbols that may be sold short above the bid only.
        quotes: Newest bid, ask and instant by symbol, where the feed brings quotes.
        buying_power: As the venue says; None where the books say it.
        multiplier: Buying power as a multiple of equity; None where the broker says it.
        settled_cash: As the venue says; None where the books say it.
        day_trades: As the venue counts them; None where the books do.
        pdt_applies: Whether the broker still counts day trades; None where it does not say.
    """

    feed_ns: int | None = None
    clock_skew: float = 0.0
    disk_free: float = math.inf
    halts: Mapping[str, str] = field(default_factory=dict)
    shortable: Collection[str] | None = None
    may_short: bool = True
    short_restricted: Collection[str] = ()
    quotes: Mapping[str, tuple[float, float, int]] = field(default_factory=dict)
    buying_power: float | None = None
    multiplier: float | None = None
    settled_cash: float | None = None
    day_trades: int | None = None
    pdt_applies: bool | None = None
