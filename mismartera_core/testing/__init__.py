"""What plugin authors test their plugins with; needs the extra `testing` (pytest).

One suite per kind of plugin, to be subclassed with one fixture:

    class TestMid(IndicatorConformance):
        @pytest.fixture
        def registration(self):
            return IndicatorReg(name="mid", category="trend", factory="my_plugin.mid:compute")

`SUITES` has the suites by kind; `run_suite` runs one and reports promise by promise. Beside them
are the fakes and builders the suites are made with.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mismartera_core.errors import PluginError

if TYPE_CHECKING:
    from mismartera_core.testing.brokers import BrokerConformance as BrokerConformance
    from mismartera_core.testing.builders import market_bars as market_bars
    from mismartera_core.testing.builders import repriced as repriced
    from mismartera_core.testing.builders import scrambled as scrambled
    from mismartera_core.testing.builders import sealed as sealed
    from mismartera_core.testing.builders import sessions_of as sessions_of
    from mismartera_core.testing.builders import ticks_of as ticks_of
    from mismartera_core.testing.builders import to_frame as to_frame
    from mismartera_core.testing.builders import walk_bars as walk_bars
    from mismartera_core.testing.builders import without_volume as without_volume
    from mismartera_core.testing.causality import check_cut as check_cut
    from mismartera_core.testing.causality import check_scrambled as check_scrambled
    from mismartera_core.testing.causality import check_steps as check_steps
    from mismartera_core.testing.cost_models import CostModelConformance as CostModelConformance
    from mismartera_core.testing.data_providers import (
        DataProviderConformance as DataProviderConformance,
    )
    from mismartera_core.testing.desk import Desk as Desk
    from mismartera_core.testing.desk import Execution as Execution
    from mismartera_core.testing.desk_rig import DeskRig as DeskRig
    from mismartera_core.testing.fakes import plugin_context as plugin_context
    from mismartera_core.testing.fakes import session_table as session_table
    from mismartera_core.testing.finished_runs import finished_run as finished_run
    from mismartera_core.testing.gap_fillers import GapFillerConformance as GapFillerConformance
    from mismartera_core.testing.http_messages import Fault as Fault
    from mismartera_core.testing.http_messages import Reply as Reply
    from mismartera_core.testing.http_messages import Request as Request
    from mismartera_core.testing.indicators import IndicatorConformance as IndicatorConformance
    from mismartera_core.testing.live_days import live_day as live_day
    from mismartera_core.testing.loopback import LoopbackServer as LoopbackServer
    from mismartera_core.testing.memory_provider import MemoryProvider as MemoryProvider
    from mismartera_core.testing.remote_providers import (
        RemoteProviderConformance as RemoteProviderConformance,
    )
    from mismartera_core.testing.remote_streams import (
        RemoteStreamConformance as RemoteStreamConformance,
    )
    from mismartera_core.testing.reports import ReportConformance as ReportConformance
    from mismartera_core.testing.risk_checks import RiskCheckConformance as RiskCheckConformance
    from mismartera_core.testing.running import Promise as Promise
    from mismartera_core.testing.running import run_suite as run_suite
    from mismartera_core.testing.scripted_venue import Answer as Answer
    from mismartera_core.testing.scripted_venue import ScriptedVenue as ScriptedVenue
    from mismartera_core.testing.strategies import StrategyConformance as StrategyConformance
    from mismartera_core.testing.strategy_runs import HandClock as HandClock
    from mismartera_core.testing.stream_faults import StreamFaults as StreamFaults
    from mismartera_core.testing.stream_faults import StreamRefusal as StreamRefusal
    from mismartera_core.testing.suite import Conformance as Conformance
    from mismartera_core.testing.suite import breach as breach
    from mismartera_core.testing.suite import expect as expect
    from mismartera_core.testing.suite import not_applicable as not_applicable
    from mismartera_core.testing.templates import TemplateConformance as TemplateConformance
    from mismartera_core.testing.venue.alpaca import AlpacaVenue as AlpacaVenue
    from mismartera_core.testing.venue.alpaca.stream_hand import (
        AlpacaStreamHand as AlpacaStreamHand,
    )
    from mismartera_core.testing.venue.fake_venue import FakeVenue as FakeVenue
    from mismartera_core.testing.venue.faults import FrameFault as FrameFault
    from mismartera_core.testing.venue.orders import Terms as Terms
    from mismartera_core.testing.venue.refusals import Refused as Refused
    from mismartera_core.testing.venue_brokers import (
        VenueBrokerConformance as VenueBrokerConformance,
    )
    from mismartera_core.testing.venue_faults import CallFault as CallFault
    from mismartera_core.testing.venue_faults import VenueCall as VenueCall
    from mismartera_core.testing.venue_faults import VenueFaults as VenueFaults
    from mismartera_core.testing.venue_stand import VenueStand as VenueStand

    SUITES: dict[str, type[Conformance]]

SUITE_NAMES = {
    "broker": "BrokerConformance",
    "cost_model": "CostModelConformance",
    "data_provider": "DataProviderConformance",
    "gap_filler": "GapFillerConformance",
    "indicator": "IndicatorConformance",
    "report": "ReportConformance",
    "risk_check": "RiskCheckConformance",
    "strategy": "StrategyConformance",
    "template": "TemplateConformance",
}
"""Name of the suite of each kind of plugin."""

_HOMES = {
    "brokers": ("BrokerConformance",),
    "builders": (
        "market_bars",
        "repriced",
        "scrambled",
        "sealed",
        "sessions_of",
        "ticks_of",
        "to_frame",
        "walk_bars",
        "without_volume",
    ),
    "causality": ("check_cut", "check_scrambled", "check_steps"),
    "cost_models": ("CostModelConformance",),
    "data_providers": ("DataProviderConformance",),
    "desk": ("Desk", "Execution"),
    "desk_rig": ("DeskRig",),
    "fakes": ("plugin_context", "session_table"),
    "finished_runs": ("finished_run",),
    "gap_fillers": ("GapFillerConformance",),
    "indicators": ("IndicatorConformance",),
    "http_messages": ("Fault", "Reply", "Request"),
    "live_days": ("live_day",),
    "loopback": ("LoopbackServer",),
    "memory_provider": ("MemoryProvider",),
    "remote_providers": ("RemoteProviderConformance",),
    "remote_streams": ("RemoteStreamConformance",),
    "reports": ("ReportConformance",),
    "risk_checks": ("RiskCheckConformance",),
    "running": ("Promise", "run_suite"),
    "scripted_venue": ("Answer", "ScriptedVenue"),
    "strategies": ("StrategyConformance",),
    "strategy_runs": ("HandClock",),
    "stream_faults": ("StreamFaults", "StreamRefusal"),
    "suite": ("Conformance", "breach", "expect", "not_applicable"),
    "templates": ("TemplateConformance",),
    "venue.alpaca": ("AlpacaVenue",),
    "venue.alpaca.stream_hand": ("AlpacaStreamHand",),
    "venue.fake_venue": ("FakeVenue",),
    "venue.faults": ("FrameFault",),
    "venue.orders": ("Terms",),
    "venue.refusals": ("Refused",),
    "venue_brokers": ("VenueBrokerConformance",),
    "venue_faults": ("CallFault", "VenueCall", "VenueFaults"),
    "venue_stand": ("VenueStand",),
}
_EXTRAS = ("msgpack", "pytest", "websockets")
"""What the extra `testing` brings."""
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["SUITES", *sorted(_HOME_OF)]


def __getattr__(name: str) -> Any:
    if name == "SUITES":
        return {kind: __getattr__(suite) for kind, suite in SUITE_NAMES.items()}
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS:
            raise
        raise PluginError(
            f"{name} needs {error.name}, which is not installed",
            hint="install mismartera-core[testing]",
        ) from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
