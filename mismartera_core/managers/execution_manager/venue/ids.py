"""Our ids of orders: the same decision always has the same id, and an id says whose it is."""

from __future__ import annotations

import hashlib
import re

LONGEST = 40
"""Characters that every venue takes."""
_OURS = re.compile(r"mm-([0-9a-f]{8})-[0-9a-f]{24}(-tp|-sl)?(~\d+)?")


def owner_tag(strategy: str, symbol: str) -> str:
    """The part of an id that says which strategy and symbol it belongs to.

    Args:
        strategy: Name of the strategy in the session config.
        symbol: Ticker.
    """
    return _hash(strategy, symbol)[:8]


def intent_id(
    run: str, strategy: str, decided_ns: int, symbol: str, side: int, sequence: int
) -> str:
    """The id of an intent: a hash of what makes it that intent.

    Args:
        run: What the decisions belong to; a restart that may repeat them has the same.
        strategy: Name of the strategy in the session config.
        decided_ns: The clock when it was decided, nanoseconds UTC.
        symbol: Ticker.
        side: +1 buys, -1 sells.
        sequence: Its number among those that are the same but for this.

    Returns:
        At most 40 characters, of letters, digits and dashes.
    """
    whole = _hash(run, strategy, str(decided_ns), symbol, str(side), str(sequence))
    return f"mm-{owner_tag(strategy, symbol)}-{whole[:24]}"


def change_id(client_id: str, decided_ns: int, number: int) -> str:
    """The id of a change: the venue has a changed order under an id of its own.

    Args:
        client_id: Our id of the order.
        decided_ns: The clock when it was decided, nanoseconds UTC.
        number: Its number among the changes of the order.
    """
    whole = _hash(client_id, "change", str(decided_ns), str(number))
    return f"mm-{tag_of(client_id)}-{whole[:24]}"


def tag_of(client_id: str) -> str:
    """Whose an id is; "" where it is not one of ours.

    Args:
        client_id: An id that a venue has told of.
    """
    found = _OURS.fullmatch(client_id)
    return "" if found is None else found[1]


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
