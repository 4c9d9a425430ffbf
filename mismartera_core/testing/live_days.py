"""A live session of one day, played within seconds.

Its bars are a test's own, its clock stands where they are, and everything else is what `mismartera
run` has: threads, risk, journal, the broker that the config names, a run folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mismartera_core.config.settings import load_settings
from mismartera_core.contracts.context import PluginContext
from mismartera_core.hookspecs import PROJECT, hookimpl
from mismartera_core.model.columns import BarColumns
from mismartera_core.model.quality import QualityReport
from mismartera_core.registrations import DataProviderReg
from mismartera_core.registry import Registry, policy_of
from mismartera_core.registry.loading import load_builtins, load_given, load_installed
from mismartera_core.system.run import Run
from mismartera_core.system.session import Session
from mismartera_core.testing.day_player import DayPlayer

if TYPE_CHECKING:
    from mismartera_core.testing.venue_stand import VenueStand

NAME = "live_day"
"""Of the data provider that plays the bars."""


def live_day(
    config: Mapping[str, Any],
    bars: Mapping[str, BarColumns],
    folder: Path,
    *,
    venue: VenueStand | None = None,
    lost: range = range(0),
) -> Run:
    """Run a live session on the day on which bars end.

    Market orders at the venue fill at the open of the next bar; others rest. A simulated broker
    needs no venue.

    Args:
        config: A session config; its mode becomes "live", its data provider the one that plays.
        bars: Bars of one minute by symbol; those before the last session are history.
        folder: Where the run is written.
        venue: The fake that the config's broker is connected to.
        lost: Minutes of the session, from 0 on, in which the connection is lost and no bar comes.

    Returns:
        The run.

    Raises:
        MisMarteraError: What stopped it.
    """
    player = DayPlayer(bars, venue, lost)
    settings = load_settings(runtime_dir=folder / "runtime")
    installed = load_installed(PROJECT, None, policy_of(settings))
    registry = Registry([load_builtins(), *installed, load_given(NAME, _plugin(player))])
    given = {name: value for name, value in config.items() if name != "backtest_config"}
    wanted = {**given, "mode": "live", "data_provider": {"name": NAME}}
    session = Session(wanted, settings=settings, registry=registry, wall=player.clock)
    session.board = player.board
    return session.run()


def _plugin(player: DayPlayer) -> ModuleType:
    """A plugin that offers a player as data provider, and tells it of gaps."""

    def made(_config: None, _context: PluginContext) -> DayPlayer:
        return player

    @hookimpl
    def mismartera_data_providers() -> list[DataProviderReg]:
        return [
            DataProviderReg(
                name=NAME,
                factory=made,
                summary="The bars of a test, as they come",
                capabilities=player.capabilities,
            )
        ]

    @hookimpl
    def mismartera_quality_changed(report: QualityReport) -> None:
        player.board.has_gap |= report.missing > 0

    plugin = ModuleType(NAME)
    for hook in (mismartera_data_providers, mismartera_quality_changed):
        setattr(plugin, hook.__name__, hook)
    return plugin
