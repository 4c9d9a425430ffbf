"""`mismartera orders`, `positions`, `account`: what a venue says of an account, read only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mismartera_core.cli.config_commands import Overrides
from mismartera_core.cli.output import emit, table
from mismartera_core.cli.preflight import chosen_access

if TYPE_CHECKING:
    from mismartera_core.model.venue import VenueAccount, VenueOrder, VenuePosition
    from mismartera_core.system.access import Access

AccountConfig = Annotated[
    Path | None,
    typer.Argument(metavar="[CONFIG]", help="By default the config of the last live run."),
]
_OURS = {True: "ours", False: "foreign"}
_ORDERS = ("whose", "symbol", "side", "type", "quantity", "filled", "price", "status", "since")
_POSITIONS = ("symbol", "side", "quantity", "average price", "cost", "traded here")


def orders(config: AccountConfig = None, set_: Overrides = None) -> None:
    """Open orders of the account, ours and foreign ones told apart."""
    with chosen_access(config, set_) as access:
        held = access.venue.account()
        found = list(_with_legs(access.venue.open_orders()))
        rows = [_order(access, order) for order in found]
        shown = table("", _ORDERS, (_order_cells(access, order) for order in found))
    ours = sum(row["ours"] for row in rows)
    emit(
        "orders",
        {**_identity(held), "orders": rows},
        _title(held),
        shown if rows else "no open order",
        *([f"{ours} ours, {len(rows) - ours} foreign"] if rows else ()),
    )


def positions(config: AccountConfig = None, set_: Overrides = None) -> None:
    """Positions of the account."""
    with chosen_access(config, set_) as access:
        held = access.venue.account()
        traded = access.config.session_data_config.symbols
        rows = [_position(found, traded) for found in access.venue.positions()]
    cells = (_position_cells(row) for row in rows)
    emit(
        "positions",
        {**_identity(held), "positions": rows},
        _title(held),
        table("", _POSITIONS, cells) if rows else "no position",
    )


def account(config: AccountConfig = None, set_: Overrides = None) -> None:
    """The account: number, paper or live, cash, equity, buying power."""
    with chosen_access(config, set_) as access:
        held = access.venue.account()
    facts = {
        **_identity(held),
        "cash": str(held.cash),
        "equity": str(held.equity),
        "buying_power": str(held.buying_power),
        "multiplier": str(held.multiplier),
        "shorting": held.shorting,
        "blocked": held.blocked,
    }
    rows = (
        ("account", held.account_id),
        ("kind", "paper" if held.paper else "LIVE, real money"),
        ("equity", f"{held.equity:,.2f} {held.currency}"),
        ("cash", f"{held.cash:,.2f}"),
        ("buying power", f"{held.buying_power:,.2f}"),
        ("leverage", f"{held.multiplier:f}"),
        ("short selling", "allowed" if held.shorting else "not allowed"),
        ("trading", f"blocked: {held.blocked}" if held.blocked else "allowed"),
    )
    emit("account", facts, table("", ("", ""), rows))


def _identity(held: VenueAccount) -> dict[str, Any]:
    return {"account_id": held.account_id, "paper": held.paper, "currency": held.currency}


def _title(held: VenueAccount) -> str:
    from rich.markup import escape

    kind = "paper" if held.paper else "LIVE, real money"
    return f"[bold]{escape(held.account_id)}[/] ({kind})"


def _with_legs(found: Iterable[VenueOrder]) -> Iterator[VenueOrder]:
    """Orders, each followed by its legs that are open."""
    for order in found:
        yield order
        yield from (leg for leg in order.legs if not leg.status.is_final)


def _order(access: Access, order: VenueOrder) -> dict[str, Any]:
    return {
        "ours": access.is_ours(order.client_id),
        "venue_id": order.venue_id,
        "client_id": order.client_id,
        "symbol": order.symbol,
        "side": order.side.value,
        "type": order.type.value,
        "quantity": _text(order.quantity),
        "filled_quantity": _text(order.filled_quantity),
        "average_price": _text(order.average_price),
        "limit_price": _text(order.limit_price),
        "stop_price": _text(order.stop_price),
        "status": order.status.value,
        "reason": order.reason,
        "submitted_at": _instant(access, order.submitted_ns),
        "updated_at": _instant(access, order.updated_ns),
    }


def _order_cells(access: Access, order: VenueOrder) -> tuple[Any, ...]:
    row = _order(access, order)
    prices = [f"{n} {row[f'{n}_price']}" for n in ("limit", "stop") if row[f"{n}_price"]]
    since = _instant(access, order.submitted_ns)
    return (
        _OURS[row["ours"]],
        row["symbol"],
        row["side"],
        row["type"],
        row["quantity"] or "by amount",
        row["filled_quantity"],
        ", ".join(prices),
        row["status"],
        since[:19].replace("T", " ") if since else "",
    )


def _position(found: VenuePosition, traded: tuple[str, ...]) -> dict[str, Any]:
    return {
        "symbol": found.symbol,
        "side": "long" if found.quantity > 0 else "short",
        "quantity": str(found.quantity),
        "average_price": str(found.average_price),
        "cost": str(found.quantity * found.average_price),
        "traded": found.symbol in traded,
    }


def _position_cells(row: dict[str, Any]) -> tuple[Any, ...]:
    from decimal import Decimal

    return (
        row["symbol"],
        row["side"],
        row["quantity"],
        row["average_price"],
        f"{Decimal(row['cost']):,.2f}",
        "yes" if row["traded"] else "no",
    )


def _text(number: Any) -> str | None:
    return None if number is None else str(number)


def _instant(access: Access, ns: int) -> str | None:
    from mismartera_core.model.market import from_ns

    return from_ns(ns, access.clock.zone).isoformat() if ns else None
