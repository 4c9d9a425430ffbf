"""What strategies must know again after a restart."""

from __future__ import annotations

import json
from typing import Any

from mismartera_core.errors import JournalError
from mismartera_core.repositories.database import Database
from mismartera_core.repositories.journal_tables import StrategyStateRow
from mismartera_core.repositories.journal_writing import reading, writing


class StateStore:
    """States by account; every save is one durable commit.

    Args:
        database: Where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def load_strategy_state(
        self, account: str, strategy: str, symbol: str
    ) -> dict[str, Any] | None:
        """What a strategy saved last; None where it never did.

        Args:
            account: The account.
            strategy: Name of the strategy in the session config.
            symbol: Ticker; "" for one instance of many symbols.

        Raises:
            JournalError: It cannot be read.
        """
        with reading(self._database) as session:
            row = session.get(StrategyStateRow, (account, strategy, symbol))
            found: dict[str, Any] | None = None if row is None else json.loads(row.state)
        return found

    def save_strategy_state(
        self, account: str, strategy: str, symbol: str, state: dict[str, Any], at_ns: int
    ) -> None:
        """Keep what a strategy wants to know again.

        Args:
            account: The account.
            strategy: Name of the strategy in the session config.
            symbol: Ticker; "" for one instance of many symbols.
            state: What JSON can hold.
            at_ns: Now, nanoseconds UTC.

        Raises:
            JournalError: JSON cannot hold it, or it is not durable.
        """
        try:
            text = json.dumps(state, sort_keys=True, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise JournalError(
                f"the state of strategy {strategy!r} on {symbol!r} is not what JSON can hold: "
                f"{error}",
                hint="return plain numbers, texts, lists and dictionaries from save_state",
            ) from error
        with writing(self._database, "strategy_state") as session:
            session.merge(
                StrategyStateRow(
                    account=account, strategy=strategy, symbol=symbol, state=text, saved_ns=at_ns
                )
            )
