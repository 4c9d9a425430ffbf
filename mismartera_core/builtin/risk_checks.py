"""Risk checks: limits on orders that open or enlarge a position.

None keeps a position from being reduced: a limit that locks a position in adds to the risk. A
number that is not known (NaN) refuses any order, whatever the limit.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

from pydantic import Field

from mismartera_core import AccountView, OrderRequest, PluginContext
from mismartera_core.builtin.numbers_config import NumbersConfig

_REQUEST = ("side", "quantity", "reference_price")
_ACCOUNT = (
    "equity",
    "cash",
    "day_start_equity",
    "position",
    "gross_exposure",
    "open_positions",
    "orders_today",
    "minutes_since_open",
    "minutes_to_close",
)


class MaxOrderNotionalConfig(NumbersConfig):
    """The largest order."""

    limit: float = Field(gt=0, description="Quantity times price, account currency.")


class MaxPositionNotionalConfig(NumbersConfig):
    """The largest position."""

    limit: float = Field(
        gt=0, description="Net position of a symbol after the order, account currency."
    )


class MaxOpenPositionsConfig(NumbersConfig):
    """How many positions at once."""

    limit: int = Field(ge=1, description="Symbols with a position.")


class MaxOrdersPerSessionConfig(NumbersConfig):
    """How many orders a session."""

    limit: int = Field(ge=1, description="Accepted orders of a session.")


class MaxDailyLossConfig(NumbersConfig):
    """How much may be lost in a session."""

    limit: float = Field(
        gt=0, description="Equity at the start of the session less equity now, account currency."
    )


class TradingWindowConfig(NumbersConfig):
    """When positions may be opened."""

    after_open: float = Field(ge=0, le=1440, description="Minutes after the open without entries.")
    before_close: float = Field(
        ge=0, le=1440, description="Minutes before the close, half days too, without entries."
    )


class OpeningCheck(ABC):
    """A check that lets an order pass which does no more than reduce a position.

    Args:
        config: Its validated config.
        context: Unused; what every plugin is handed.
    """

    def __init__(self, config: Any, context: PluginContext | None = None) -> None:
        del context
        self._config = config

    def check(self, request: OrderRequest, account: AccountView) -> str | None:
        """The reason of a refusal, or None where the order may leave."""
        for source, names in ((request, _REQUEST), (account, _ACCOUNT)):
            for name in names:
                if math.isnan(getattr(source, name)):
                    return f"{name.replace('_', ' ')} is not known"
        # The position decides, not the word of the request alone.
        against = request.side * account.position < 0.0
        if against and not request.opens and 0.0 < request.quantity <= abs(account.position):
            return None
        return self.refusal(request, account)

    @abstractmethod
    def refusal(self, request: OrderRequest, account: AccountView) -> str | None:
        """As `check`, for an order that opens, with numbers that are all known."""


class MaxOrderNotional(OpeningCheck):
    """Refuses orders larger than so much."""

    def refusal(self, request: OrderRequest, account: AccountView) -> str | None:  # noqa: ARG002
        """Compare the order's value with the limit."""
        value = abs(request.quantity * request.reference_price)
        return _above("order of", value, self._config.limit)


class MaxPositionNotional(OpeningCheck):
    """Refuses positions above so much."""

    def refusal(self, request: OrderRequest, account: AccountView) -> str | None:
        """Compare the position after the order with the limit."""
        units = account.position + request.side * request.quantity
        value = abs(units * request.reference_price)
        return _above("position of", value, self._config.limit)


class MaxOpenPositions(OpeningCheck):
    """Refuses one position too many."""

    def refusal(self, request: OrderRequest, account: AccountView) -> str | None:
        """Count the positions after the order."""
        after = account.open_positions + (account.position == 0.0)
        if after <= self._config.limit:
            return None
        return f"{request.symbol} would be position {after} of at most {self._config.limit}"


class MaxOrdersPerSession(OpeningCheck):
    """Refuses orders above a count."""

    def refusal(self, request: OrderRequest, account: AccountView) -> str | None:  # noqa: ARG002
        """Count the orders after this one."""
        after = account.orders_today + 1
        if after <= self._config.limit:
            return None
        return f"order {after} of the session, at most {self._config.limit}"


class MaxDailyLoss(OpeningCheck):
    """Refuses to open after losing so much in a day."""

    def refusal(self, request: OrderRequest, account: AccountView) -> str | None:  # noqa: ARG002
        """Compare the session's loss with the limit."""
        loss = account.day_start_equity - account.equity
        if loss < self._config.limit:
            return None
        return f"loss of the day is {loss:,.2f}, entries end at {self._config.limit:,.2f}"


class TradingWindow(OpeningCheck):
    """Refuses to open near the open and the close."""

    def refusal(self, request: OrderRequest, account: AccountView) -> str | None:  # noqa: ARG002
        """Compare the minutes since the open and to the close with the limits."""
        since, left = account.minutes_since_open, account.minutes_to_close
        if not since >= self._config.after_open:
            return f"{since:g} min after the open, entries begin at {self._config.after_open:g}"
        # An order at the very edge would work inside the last minutes, at the close in the next
        # session's first.
        if not left > self._config.before_close:
            return f"{left:g} min before the close, entries end at {self._config.before_close:g}"
        return None


def _above(what: str, value: float, limit: float) -> str | None:
    """A refusal where value is not within the limit, in cents unless these look alike."""
    if value <= limit:
        return None
    texts = f"{value:,.2f}", f"{limit:,.2f}"
    if texts[0] == texts[1]:
        texts = f"{value:,}", f"{limit:,}"
    return f"{what} {texts[0]} is above {texts[1]}"
