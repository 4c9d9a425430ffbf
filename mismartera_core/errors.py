"""The one tree of exceptions, and the exit code of each.

MisMarteraError            1   the run failed
├── UsageError             2   a command was called wrongly
├── ConfigError            2   a session config or a setting is wrong
├── DataError              3   market data is missing, damaged or impossible
│   └── JournalError           the order journal cannot be written or read: nothing leaves
├── PluginError            4   a plugin is missing, broken or refused
├── BrokerError            5   broker or credentials
│   ├── OrderRejected          the venue's own word: there is no such order
│   ├── OrderExists            the venue's own word: there is one with this id already
│   ├── OrderNotSent           it has provably never left
│   └── OrderUnclear           it may have been taken, or not
├── RiskStop               6   stopped by a risk limit
├── StrategyError          1   a strategy raised
└── Interrupted          130   the user stopped the run

A message says what was expected, what was found, where, and what to try.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MisMarteraError(Exception):
    """Base of every error a user can act on.

    Args:
        message: One sentence: what was expected, what was found, where.
        hint: What to try next; shown on a line of its own.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        if hint:
            self.add_note(f"Try: {hint}")  # tracebacks of scripts and notebooks show it


class UsageError(MisMarteraError):
    """A command was called wrongly."""

    exit_code = 2


class ConfigError(MisMarteraError):
    """A session config or a setting is wrong."""

    exit_code = 2


class DataError(MisMarteraError):
    """Market data is missing, damaged or impossible."""

    exit_code = 3


class JournalError(DataError):
    """The order journal cannot be written or read; without it no order leaves."""


class PluginError(MisMarteraError):
    """A plugin is missing, broken or refused."""

    exit_code = 4


class BrokerError(MisMarteraError):
    """The broker or its credentials refused."""

    exit_code = 5


class OrderRejected(BrokerError):  # noqa: N818 - the field's word
    """The venue's own word: it has not taken the order, or cannot change or cancel it."""


class OrderExists(BrokerError):  # noqa: N818 - says what is the case
    """The venue's own word: it has an order with this client id already."""


class OrderNotSent(BrokerError):  # noqa: N818 - says what is the case
    """The order has provably never left."""


class OrderUnclear(BrokerError):  # noqa: N818 - says what is the case
    """The order may have been taken, or not: only the venue can tell."""


class RiskStop(MisMarteraError):  # noqa: N818 - the field's word
    """A risk limit stopped the run."""

    exit_code = 6


class StrategyError(MisMarteraError):
    """A strategy raised."""


class Interrupted(MisMarteraError):  # noqa: N818 - the field's word
    """The user stopped the run."""

    exit_code = 130


INTERNAL_ERROR = 70
"""Exit code of an error nobody foresaw."""


_MANY = 12
"""Choices that a hint lists at most."""


_AS_NEAR = 0.15
"""How much less alike than the nearest choice another may be to be named beside it."""


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """A hint that names the nearest choices to a misspelt name.

    Args:
        name: What was written.
        choices: What exists.

    Returns:
        "did you mean 'sma'?", or where nothing is near the choices, some of them if they are many.
    """
    known = sorted(choices)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    if near:
        best = _likeness(name, near[0])
        near = [item for item in near if _likeness(name, item) > best - _AS_NEAR]
        return "did you mean " + " or ".join(repr(item) for item in near) + "?"
    if not known:
        return "there is none to choose from"
    if len(known) > _MANY:
        return f"choose one of {len(known)}, such as {', '.join(known[:_MANY])}"
    return "choose one of: " + ", ".join(known)
