"""The markets whose hours are known: exchange group and asset class give calendar and zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from mismartera_core.errors import ConfigError, did_you_mean


@dataclass(frozen=True, slots=True)
class Market:
    """A market and the rule of its extended hours.

    Attributes:
        exchange_group: For example "US_EQUITY".
        asset_class: For example "EQUITY".
        calendar: Code of its calendar in exchange_calendars.
        timezone: IANA name of its zone.
        pre_open: Local start of the pre-market, None where there is none.
        post_close: Local end of the post-market, None where there is none.
        early_post_close: The same on a day that closes early.
    """

    exchange_group: str
    asset_class: str
    calendar: str
    timezone: str
    pre_open: time | None = None
    post_close: time | None = None
    early_post_close: time | None = None

    @property
    def rules(self) -> str:
        """Everything that sessions follow from; where it changes, they are made anew."""
        hours = (self.pre_open, self.post_close, self.early_post_close)
        return " ".join([self.calendar, self.timezone, *(f"{at:%H:%M}" for at in hours if at)])


MARKETS = (
    Market("US_EQUITY", "EQUITY", "XNYS", "America/New_York", time(4), time(20), time(17)),
    Market("CA_EQUITY", "EQUITY", "XTSE", "America/Toronto"),
    Market("UK_EQUITY", "EQUITY", "XLON", "Europe/London"),
    Market("DE_EQUITY", "EQUITY", "XETR", "Europe/Berlin"),
    Market("FR_EQUITY", "EQUITY", "XPAR", "Europe/Paris"),
    Market("JP_EQUITY", "EQUITY", "XTKS", "Asia/Tokyo"),
    Market("HK_EQUITY", "EQUITY", "XHKG", "Asia/Hong_Kong"),
    Market("AU_EQUITY", "EQUITY", "XASX", "Australia/Sydney"),
    Market("CME", "FUTURES", "CMES", "America/Chicago"),
    Market("FX", "FX", "24/5", "UTC"),
    Market("CRYPTO", "CRYPTO", "24/7", "UTC"),
)


def find_market(exchange_group: str, asset_class: str) -> Market:
    """The market of an exchange group and asset class.

    Args:
        exchange_group: For example "US_EQUITY".
        asset_class: For example "EQUITY".

    Raises:
        ConfigError: There is no such market.
    """
    for market in MARKETS:
        if (market.exchange_group, market.asset_class) == (exchange_group, asset_class):
            return market
    of_group = [m.asset_class for m in MARKETS if m.exchange_group == exchange_group]
    if of_group:
        raise ConfigError(
            f"exchange group {exchange_group!r} has no asset class {asset_class!r}",
            hint=did_you_mean(asset_class, of_group),
        )
    raise ConfigError(
        f"there is no exchange group {exchange_group!r}",
        hint=did_you_mean(exchange_group, {market.exchange_group for market in MARKETS}),
    )
