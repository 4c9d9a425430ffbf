"""Tables of the order journal: intents, what became of them, executions, and states that last.

Quantities and prices are texts, exact as the venue said them; instants are nanoseconds UTC.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from mismartera_core.repositories.table_base import Base

ID = 48
ACCOUNT = 80
NUMBER = 40


class IntentRow(Base):
    """An order that was decided on; written before it is sent, never changed.

    Attributes:
        client_id: Our id of it; a leg of a bracket has that of its entry with an ending.
        account: The account at the venue.
        run: The run that decided.
        strategy: Name of the strategy in the session config.
        symbol: Ticker.
        side: "buy" or "sell".
        type: "market", "limit" ...
        quantity: Units.
        limit_price: Or null.
        stop_price: Or null.
        trail_amount: Or null.
        gtc: Whether it works beyond the day.
        closing: Whether it leaves a position, and so never opens one.
        tag: What the strategy said of it.
        parent: Client id of the entry, for a leg; "" otherwise.
        oco: Client id of the order that ends when this one fills; "" for none.
        terms: All that is sent, as JSON; "" for a leg, which travels with its entry.
        created_ns: When it was decided.
    """

    __tablename__ = "order_intents"
    __table_args__ = (Index("ix_order_intents_account", "account", "created_ns"),)

    client_id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    account: Mapped[str] = mapped_column(String(ACCOUNT))
    run: Mapped[str] = mapped_column(String(120))
    strategy: Mapped[str] = mapped_column(String(120))
    symbol: Mapped[str] = mapped_column(String(40))
    side: Mapped[str] = mapped_column(String(8))
    type: Mapped[str] = mapped_column(String(20))
    quantity: Mapped[str] = mapped_column(String(NUMBER))
    limit_price: Mapped[str | None] = mapped_column(String(NUMBER))
    stop_price: Mapped[str | None] = mapped_column(String(NUMBER))
    trail_amount: Mapped[str | None] = mapped_column(String(NUMBER))
    gtc: Mapped[bool] = mapped_column(Boolean())
    closing: Mapped[bool] = mapped_column(Boolean())
    tag: Mapped[str] = mapped_column(Text())
    parent: Mapped[str] = mapped_column(String(ID))
    oco: Mapped[str] = mapped_column(String(ID))
    terms: Mapped[str] = mapped_column(Text())
    created_ns: Mapped[int] = mapped_column(BigInteger())


class OrderEventRow(Base):
    """What became of an intent; only ever added to.

    Attributes:
        seq: Number, in the order of writing.
        client_id: The intent.
        kind: "intent", "sent", "acked", "unknown" ...
        at_ns: When it was written.
        venue_id: The venue's id of the order, where it is known.
        words: The venue's words, or ours.
    """

    __tablename__ = "order_events"

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    client_id: Mapped[str] = mapped_column(
        String(ID), ForeignKey("order_intents.client_id"), index=True
    )
    kind: Mapped[str] = mapped_column(String(24))
    at_ns: Mapped[int] = mapped_column(BigInteger())
    venue_id: Mapped[str] = mapped_column(String(80))
    words: Mapped[str] = mapped_column(Text())


class ExecutionRow(Base):
    """An execution, once, whoever told of it and how often.

    Attributes:
        account: The account at the venue.
        execution_id: The venue's id.
        seq: Number, in the order of booking.
        client_id: The intent it belongs to; "" where the order is not ours.
        venue_id: The order it belongs to.
        symbol: Ticker.
        side: "buy" or "sell".
        quantity: Units.
        price: Price.
        commission: Fee, account currency.
        at_ns: When it happened.
        cumulative: Units of the order filled with it; none where the venue did not say.
        booked_ns: When it was written.
    """

    __tablename__ = "executions"
    __table_args__ = (Index("ix_executions_at", "account", "at_ns"),)

    account: Mapped[str] = mapped_column(String(ACCOUNT), primary_key=True)
    execution_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger())
    client_id: Mapped[str] = mapped_column(String(ID))
    venue_id: Mapped[str] = mapped_column(String(80))
    symbol: Mapped[str] = mapped_column(String(40))
    side: Mapped[str] = mapped_column(String(8))
    quantity: Mapped[str] = mapped_column(String(NUMBER))
    price: Mapped[str] = mapped_column(String(NUMBER))
    commission: Mapped[str] = mapped_column(String(NUMBER))
    at_ns: Mapped[int] = mapped_column(BigInteger())
    cumulative: Mapped[str | None] = mapped_column(String(NUMBER))
    booked_ns: Mapped[int] = mapped_column(BigInteger())


class HeldBeforeRow(Base):
    """What an account held of a symbol before the journal knew it: not ours, and left alone.

    Attributes:
        account: The account at the venue.
        symbol: Ticker; "" for the row that says that the account was looked at, and when.
        quantity: Units, negative when short.
        since_ns: When it was looked at.
    """

    __tablename__ = "held_before"

    account: Mapped[str] = mapped_column(String(ACCOUNT), primary_key=True)
    symbol: Mapped[str] = mapped_column(String(40), primary_key=True)
    quantity: Mapped[str] = mapped_column(String(NUMBER))
    since_ns: Mapped[int] = mapped_column(BigInteger())


class StrategyStateRow(Base):
    """What a strategy wants to know again after a restart.

    Attributes:
        account: The account at the venue.
        strategy: Name of the strategy in the session config.
        symbol: Ticker; "" for one instance of many symbols.
        state: JSON.
        saved_ns: When it was saved.
    """

    __tablename__ = "strategy_states"

    account: Mapped[str] = mapped_column(String(ACCOUNT), primary_key=True)
    strategy: Mapped[str] = mapped_column(String(120), primary_key=True)
    symbol: Mapped[str] = mapped_column(String(40), primary_key=True)
    state: Mapped[str] = mapped_column(Text())
    saved_ns: Mapped[int] = mapped_column(BigInteger())


TABLES = (IntentRow, OrderEventRow, ExecutionRow, HeldBeforeRow, StrategyStateRow)
