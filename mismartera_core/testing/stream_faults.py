"""What the suite of remote streams asks of the fake service that a plugin's author gives it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mismartera_core.model.columns import BarColumns, QuoteColumns, TickColumns


class StreamRefusal(StrEnum):
    """What a service says to those who connect from now on."""

    WRONG_KEY = "wrong key"
    SYMBOL_LIMIT = "symbol limit"
    CONNECTION_LIMIT = "connection limit"
    NOT_ENTITLED = "not entitled"
    """The account's subscription does not cover what is asked for."""
    NO_ANSWER = "no answer"
    """It takes the connection and never confirms."""


class StreamFaults(Protocol):
    """The hand on a fake service: it sends what it is told, and fails as it is told.

    Every method may be called from any thread, and returns when what it asks for has been done or
    is sure to be. Frames go to every connection that has subscribed to their symbol.
    """

    @property
    def connections(self) -> int:
        """Connections that are open now."""

    @property
    def subscribed(self) -> frozenset[str]:
        """Symbols that an open connection has subscribed to."""

    def send_bars(self, symbol: str, bars: BarColumns) -> None:
        """Send each bar in a frame of its own."""

    def revise(self, symbol: str, bars: BarColumns) -> None:
        """Send each bar as the correction of one that was sent before."""

    def send_ticks(self, symbol: str, ticks: TickColumns) -> None:
        """Send trades."""

    def send_quotes(self, symbol: str, quotes: QuoteColumns) -> None:
        """Send quotes."""

    def noise(self) -> int:
        """Send messages that no client knows or can read: another type, a price that is a word.

        Returns:
            How many each connection gets.
        """

    def drop(self) -> None:
        """Break every connection off, without a word."""

    def hang_up(self) -> None:
        """End every connection as the protocol says."""

    def mute(self) -> None:
        """Send nothing more over the connections that are open, nor answer; new ones are well."""

    def restart(self) -> None:
        """Go away with all connections, refuse new ones for a while, and come back."""

    def refuse(self, reason: StreamRefusal | None) -> None:
        """Refuse those who connect from now on; None takes them again. Others stay."""
