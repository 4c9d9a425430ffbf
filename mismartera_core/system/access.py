"""What commands reach of a session config without running it: its plugins, calendar and account."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from mismartera_core.config.loading import config_from
from mismartera_core.config.session_config import SessionConfig
from mismartera_core.config.settings import Settings
from mismartera_core.contracts.clock import WallClock
from mismartera_core.contracts.context import PluginContext
from mismartera_core.contracts.provider import DataProvider
from mismartera_core.contracts.venue import VenueBroker
from mismartera_core.errors import ConfigError, UsageError
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.registry import Registry
from mismartera_core.repositories.database import Database, open_database
from mismartera_core.repositories.journal import OrderJournal
from mismartera_core.repositories.run_folder import list_runs
from mismartera_core.services.config_resolution import Resolved, resolve
from mismartera_core.system.planning import session_context
from mismartera_core.system.plugin_calls import blamed, build

LIVE = "live"


class Access:
    """The parts of a session config, each made when it is first asked for. Nothing sends an order.

    Args:
        config: The session config.
        settings: Where things lie.
        registry: The plugins there are.
        source: What messages call the config.
        wall: What stands for the wall clock; the machine's where left out.
    """

    def __init__(
        self,
        config: SessionConfig,
        settings: Settings,
        registry: Registry,
        source: str = "config",
        wall: WallClock | None = None,
    ) -> None:
        self.config = config
        self.settings = settings
        self.registry = registry
        self._source = source
        self._wall = wall

    @cached_property
    def resolved(self) -> Resolved:
        """The plugins that the config names.

        Raises:
            ConfigError: A name or a value is wrong.
            PluginError: A plugin is broken.
        """
        return resolve(self.config, self.registry, self._source)

    @cached_property
    def database(self) -> Database:
        """The installation's database.

        Raises:
            DataError: It does not answer.
        """
        return open_database(self.settings.database_url)

    @cached_property
    def clock(self) -> TimeManager:
        """Clock and calendar of the config's market."""
        market = self.config.exchange_group, self.config.asset_class
        return TimeManager(self.database, *market, wall=self._wall)

    @cached_property
    def context(self) -> PluginContext:
        """What plugins are told."""
        return session_context(self.config, self.registry, self.clock, self.settings.data_dir)

    @cached_property
    def provider(self) -> DataProvider:
        """The data provider."""
        made: DataProvider = build("data provider", self.resolved.data_provider, self.context)
        return made

    @cached_property
    def venue(self) -> VenueBroker:
        """The broker's account at its venue.

        Raises:
            ConfigError: The broker fills orders itself.
        """
        choice = self.resolved.broker
        made = None if choice.record.simulated else build("broker", choice, self.context)
        if not isinstance(made, VenueBroker):
            raise ConfigError(
                f"broker.name: expected a broker of a venue, was {choice.record.name!r}, which "
                "fills orders itself and has no account",
                hint="choose one such as 'alpaca'; `mismartera plugins list` has them",
            )
        return made

    @cached_property
    def account_id(self) -> str:
        """The number of the account.

        Raises:
            BrokerError: The venue refuses or does not answer.
        """
        return self.venue.account().account_id

    def is_ours(self, client_id: str) -> bool:
        """Whether an order with a client id is in the account's journal."""
        journal = OrderJournal(self.database, self.account_id, "")
        return bool(client_id) and journal.find(client_id) is not None

    def close(self) -> None:
        """Release connections and files of all that was made."""
        made = self.__dict__
        for name, plugin in (("venue", "broker"), ("provider", "data provider")):
            if name in made:
                with blamed(plugin):
                    made[name].close()
        if "database" in made:
            made["database"].close()


def last_live_config(runs_dir: Path) -> tuple[SessionConfig, str]:
    """The config of the newest run that was live, and the folder it comes from.

    Args:
        runs_dir: Where the runs are.

    Raises:
        UsageError: No run was live.
    """
    for stored in reversed(list_runs(runs_dir)):
        found = stored.config()
        if found.get("mode") == LIVE:
            return config_from(found), str(stored.folder)
    raise UsageError(
        f"expected a session config, or a live run in {runs_dir} to take it from, found neither",
        hint="name the config: mismartera account CONFIG",
    )
