"""Round trips of a list of fills, matched first in, first out, per strategy and symbol."""

from __future__ import annotations


def round_trips(fills):
    """Closed trades as (strategy, symbol, side, quantity, entry price, exit price, entry, exit)."""
    waiting, trades = {}, []
    for fill in fills:
        queue = waiting.setdefault((fill["strategy"], fill["symbol"]), [])
        left = fill["quantity"]
        while left and queue and queue[0]["side"] != fill["side"]:
            lot = queue[0]
            units = min(left, lot["quantity"])
            trades.append(
                (
                    fill["strategy"], fill["symbol"], lot["side"], units,
                    lot["price"], fill["price"], lot["bar_ts"], fill["bar_ts"],
                )
            )  # fmt: skip
            left -= units
            lot["quantity"] -= units
            if not lot["quantity"]:
                queue.pop(0)
        if left:
            queue.append({**fill, "quantity": left})
    return trades
