"""What the venue says of an account and its symbols, asked every half minute of a live session."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from mismartera_core.contracts.venue import VenueBroker
from mismartera_core.errors import BrokerError
from mismartera_core.managers.execution_manager.surroundings import Surroundings
from mismartera_core.model.venue import VenueAccount
from mismartera_core.system.beside import Beside

log = logging.getLogger(__name__)

EVERY = 30.0
"""Seconds between looks."""


class AccountWatch(Beside):
    """Keeps buying power, day trades and what can be borrowed up to date while it is entered.

    Args:
        venue: The adapter.
        symbols: Tickers of the session.
        surroundings: Takes what it says.
        every: Seconds between looks.
    """

    def __init__(
        self,
        venue: VenueBroker,
        symbols: Sequence[str],
        surroundings: Surroundings,
        every: float = EVERY,
    ) -> None:
        super().__init__("AccountWatch")
        self._venue = venue
        self._symbols = tuple(symbols)
        self._surroundings = surroundings
        self._every = every

    def look(self) -> None:
        """Ask once; what the venue does not say stays as it was."""
        for what in (self._account, self._borrow):
            try:
                what()
            except BrokerError as error:
                log.warning("the venue did not say how the account stands: %s", error)

    def _account(self) -> None:
        tell(self._surroundings, self._venue.account())

    def _borrow(self) -> None:
        if self._surroundings.may_short:
            easy = self._venue.easy_to_borrow(self._symbols)
            self._surroundings.shortable = None if easy is None else tuple(easy)

    def _run(self) -> None:
        pause: Callable[[float], bool] = self._stop.wait
        self.look()
        while not pause(self._every):
            self.look()


def tell(surroundings: Surroundings, account: VenueAccount) -> None:
    """Write what an account says of itself.

    Args:
        surroundings: Takes it.
        account: As the venue tells of it.
    """
    surroundings.may_short = account.shorting
    surroundings.multiplier = float(account.multiplier)
    surroundings.buying_power = float(account.buying_power)
    surroundings.day_trades = account.day_trades
    surroundings.pdt_applies = account.pdt_applies
