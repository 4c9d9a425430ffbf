"""What a venue refuses, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class Why(StrEnum):
    """Why something is refused; each dialect has its own words and codes for it."""

    INVALID = "invalid"
    DUPLICATE = "duplicate client id"
    UNKNOWN_SYMBOL = "unknown symbol"
    SUB_PENNY = "price between two ticks"
    EXTENDED_HOURS = "not for extended hours"
    HALTED = "symbol halted"
    SHORTING = "may not sell short"
    QUANTITY = "insufficient quantity"
    WASH_TRADE = "potential wash trade"
    BUYING_POWER = "insufficient buying power"
    BLOCKED = "account blocked"
    NOT_FOUND = "no such order"
    FINAL = "order is final"


class Refused(Exception):  # noqa: N818 - says what is the case
    """The venue refuses; nothing has changed.

    Attributes:
        why: The reason.
        details: Numbers and names of it.

    Args:
        why: The reason.
        message: In words.
        details: Numbers and names of it.
    """

    def __init__(self, why: Why, message: str, **details: Any) -> None:
        super().__init__(message)
        self.why = why
        self.details = details
