"""Trading sessions: one day of one exchange group, and tables of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import numpy as np

from mismartera_core.model.columns import IntArray


class MarketSession(StrEnum):
    """Which part of the day an instant lies in."""

    PRE_MARKET = "pre_market"
    REGULAR = "regular"
    POST_MARKET = "post_market"
    CLOSED = "closed"


class SessionPhase(StrEnum):
    """The seven phases of a session, in order."""

    HISTORICAL_DATA = "historical_data"
    HISTORICAL_INDICATORS = "historical_indicators"
    QUALITY = "quality"
    QUEUES = "queues"
    ACTIVATION = "activation"
    STREAMING = "streaming"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingSession:
    """One calendar day of an exchange group; all times aware, in the exchange's zone.

    Attributes:
        date: The day.
        exchange_group: For example "US_EQUITY".
        asset_class: For example "EQUITY".
        timezone: IANA name of the exchange's zone.
        is_trading_day: Whether the exchange opens at all.
        is_holiday: A weekday on which it does not open.
        is_early_close: A session that ends before its usual close.
        holiday_name: Name of the holiday or of the reason, where known.
        pre_market_open: Start of the pre-market, None where there is none.
        regular_open: Start of the regular session, None on a day without one.
        regular_close: End of the regular session.
        post_market_close: End of the post-market, None where there is none.
        break_start: Start of the lunch break, None where there is none.
        break_end: End of the lunch break.
    """

    date: date
    exchange_group: str
    asset_class: str
    timezone: str
    is_trading_day: bool
    is_holiday: bool
    is_early_close: bool
    holiday_name: str | None = None
    pre_market_open: datetime | None = None
    regular_open: datetime | None = None
    regular_close: datetime | None = None
    post_market_close: datetime | None = None
    break_start: datetime | None = None
    break_end: datetime | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SessionTable:
    """Consecutive trading days as columns, for the engine.

    Attributes:
        dates: The trading days, ascending.
        open_ns: Regular open of each, nanoseconds UTC.
        close_ns: Regular close of each.
        pre_open_ns: Pre-market open; the regular open where there is none.
        post_close_ns: Post-market close; the regular close where there is none.
        break_start_ns: Start of the lunch break; 0 where there is none.
        break_end_ns: End of the lunch break; 0 where there is none.
        early_close: Whether each session ends early.
        timezone: IANA name of the exchange's zone.
    """

    dates: tuple[date, ...]
    open_ns: IntArray
    close_ns: IntArray
    pre_open_ns: IntArray
    post_close_ns: IntArray
    break_start_ns: IntArray
    break_end_ns: IntArray
    early_close: tuple[bool, ...]
    timezone: str

    def __len__(self) -> int:
        return len(self.dates)

    def slice(self, start: int, stop: int) -> SessionTable:
        """Sessions start (included) to stop (excluded)."""
        return SessionTable(
            self.dates[start:stop],
            self.open_ns[start:stop],
            self.close_ns[start:stop],
            self.pre_open_ns[start:stop],
            self.post_close_ns[start:stop],
            self.break_start_ns[start:stop],
            self.break_end_ns[start:stop],
            self.early_close[start:stop],
            self.timezone,
        )

    def index_of(self, day: date) -> int:
        """Row of a day, or of the first trading day after it."""
        ordinals = [d.toordinal() for d in self.dates]
        return int(np.searchsorted(ordinals, day.toordinal()))
