"""What the host tells a plugin when it builds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mismartera_core.errors import ConfigError, PluginError

if TYPE_CHECKING:
    from mismartera_core.contracts.provider import DataProvider
    from mismartera_core.model.sessions import SessionTable


def no_provider(name: str, config: Mapping[str, Any]) -> DataProvider:  # noqa: ARG001
    """Stands where a host builds no other data provider.

    Raises:
        PluginError: Always.
    """
    raise PluginError(f"data provider {name!r} cannot be built here: this host builds no others")


def no_secret(name: str) -> str:
    """Stands where a host knows no secrets.

    Raises:
        ConfigError: Always.
    """
    raise ConfigError(f"there is no secret {name!r}: this host looks nowhere for secrets")


def no_clock() -> int:
    """Stands where a host tells no time.

    Raises:
        PluginError: Always.
    """
    raise PluginError("this host tells plugins no time")


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginContext:
    """The surroundings a factory gets beside its validated config.

    Attributes:
        data_dir: Where imported market data lives (`runtime/data`).
        exchange_group: For example "US_EQUITY".
        asset_class: For example "EQUITY".
        timezone: IANA name of the exchange's zone.
        sessions: Trading days from a first to a last date, both included, by the calendar in force.
        provider: Builds another data provider from its name and its config as JSON has it.
        secret: The secret of a name such as "ALPACA_API_KEY", from the environment, `.env`, the
            keyring or a plugin; a ConfigError that says where it looked where there is none.
        now_ns: The wall clock, nanoseconds UTC.
    """

    data_dir: Path
    exchange_group: str
    asset_class: str
    timezone: str
    sessions: Callable[[date, date], SessionTable]
    provider: Callable[[str, Mapping[str, Any]], DataProvider] = no_provider
    secret: Callable[[str], str] = no_secret
    now_ns: Callable[[], int] = no_clock
