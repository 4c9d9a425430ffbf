"""The tables of the database. Every change here comes with a migration in `migrations/versions`."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mismartera_core.repositories import journal_tables
from mismartera_core.repositories.table_base import Base

JOURNAL = journal_tables.TABLES
"""Tables of the order journal; they have a file of their own."""

__all__ = ["JOURNAL", "Base", "DayColumns", "MarketRow", "SessionOverrideRow", "SessionRow"]


class MarketRow(Base):
    """A market whose calendar has been seeded, and how far.

    Attributes:
        id: Number of the market.
        exchange_group: For example "US_EQUITY".
        asset_class: For example "EQUITY".
        rules: Calendar code, zone and extended hours the sessions were made with.
        source: Library and version the sessions came from; empty before the first seeding.
        seeded_from: First day the sessions cover.
        seeded_to: Last day the sessions cover.
    """

    __tablename__ = "markets"
    __table_args__ = (UniqueConstraint("exchange_group", "asset_class"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    exchange_group: Mapped[str] = mapped_column(String(40))
    asset_class: Mapped[str] = mapped_column(String(40))
    rules: Mapped[str] = mapped_column(String(200), default="")
    source: Mapped[str] = mapped_column(String(80), default="")
    seeded_from: Mapped[dt.date | None]
    seeded_to: Mapped[dt.date | None]


class DayColumns:
    """What is known of one day of a market; instants are nanoseconds since the epoch, UTC.

    Attributes:
        market_id: The market.
        day: The day; a weekday without a session has a row without hours, a plain weekend has none.
        pre_open_ns: Start of the pre-market, or null.
        open_ns: Start of the regular session, null on a holiday.
        break_start_ns: Start of the lunch break, or null.
        break_end_ns: End of the lunch break, or null.
        close_ns: End of the regular session, null on a holiday.
        post_close_ns: End of the post-market, or null.
        early_close: Whether the session ends before its usual close.
        name: Name of the holiday or the reason of an early close, where known.
        source: "exchange_calendars 4.13.2" or "user".
    """

    market_id: Mapped[int] = mapped_column(
        ForeignKey("markets.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    pre_open_ns: Mapped[int | None] = mapped_column(BigInteger)
    open_ns: Mapped[int | None] = mapped_column(BigInteger)
    break_start_ns: Mapped[int | None] = mapped_column(BigInteger)
    break_end_ns: Mapped[int | None] = mapped_column(BigInteger)
    close_ns: Mapped[int | None] = mapped_column(BigInteger)
    post_close_ns: Mapped[int | None] = mapped_column(BigInteger)
    early_close: Mapped[bool]
    name: Mapped[str | None] = mapped_column(String(120))
    source: Mapped[str] = mapped_column(String(80))


class SessionRow(DayColumns, Base):
    """A day as the calendar library knows it; replaced as a whole when a market is seeded anew."""

    __tablename__ = "sessions"


class SessionOverrideRow(DayColumns, Base):
    """A day as the user set it; stands before the library's row and survives a new seeding."""

    __tablename__ = "session_overrides"
