"""MisMartera: what strategy and plugin authors import, resolved on first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mismartera_core.builtin.simulated_broker import SimulatedBroker as SimulatedBroker
    from mismartera_core.builtin.simulated_broker import SimulatedConfig as SimulatedConfig
    from mismartera_core.contracts.broker import Broker as Broker
    from mismartera_core.contracts.broker import Costs as Costs
    from mismartera_core.contracts.broker import WorkingOrder as WorkingOrder
    from mismartera_core.contracts.context import PluginContext as PluginContext
    from mismartera_core.contracts.costs import CostRole as CostRole
    from mismartera_core.contracts.gap_filler import GapFiller as GapFiller
    from mismartera_core.contracts.provider import DataProvider as DataProvider
    from mismartera_core.contracts.provider import ProviderCapabilities as ProviderCapabilities
    from mismartera_core.contracts.report import RunView as RunView
    from mismartera_core.contracts.risk import AccountView as AccountView
    from mismartera_core.contracts.risk import OrderRequest as OrderRequest
    from mismartera_core.contracts.risk import Refusal as Refusal
    from mismartera_core.contracts.risk import RiskCheck as RiskCheck
    from mismartera_core.contracts.risk import RiskFacts as RiskFacts
    from mismartera_core.contracts.risk import RiskMonitor as RiskMonitor
    from mismartera_core.contracts.strategy import PortfolioStrategy as PortfolioStrategy
    from mismartera_core.contracts.strategy import SignalStrategy as SignalStrategy
    from mismartera_core.contracts.strategy import Strategy as Strategy
    from mismartera_core.contracts.strategy import StrategyParams as StrategyParams
    from mismartera_core.contracts.stream import Emit as Emit
    from mismartera_core.contracts.stream import StreamChanged as StreamChanged
    from mismartera_core.contracts.stream import StreamedBars as StreamedBars
    from mismartera_core.contracts.stream import StreamedQuotes as StreamedQuotes
    from mismartera_core.contracts.stream import StreamedStatus as StreamedStatus
    from mismartera_core.contracts.stream import StreamedTicks as StreamedTicks
    from mismartera_core.contracts.stream import StreamEvent as StreamEvent
    from mismartera_core.contracts.stream import StreamNoise as StreamNoise
    from mismartera_core.contracts.stream import StreamRequest as StreamRequest
    from mismartera_core.contracts.stream import StreamState as StreamState
    from mismartera_core.contracts.venue import EmitVenue as EmitVenue
    from mismartera_core.contracts.venue import Executed as Executed
    from mismartera_core.contracts.venue import OrderChanged as OrderChanged
    from mismartera_core.contracts.venue import VenueBroker as VenueBroker
    from mismartera_core.contracts.venue import VenueCapabilities as VenueCapabilities
    from mismartera_core.contracts.venue import VenueEvent as VenueEvent
    from mismartera_core.contracts.views import BarsView as BarsView
    from mismartera_core.contracts.views import IndicatorSource as IndicatorSource
    from mismartera_core.contracts.views import OrderTicket as OrderTicket
    from mismartera_core.contracts.views import Step as Step
    from mismartera_core.errors import BrokerError as BrokerError
    from mismartera_core.errors import ConfigError as ConfigError
    from mismartera_core.errors import DataError as DataError
    from mismartera_core.errors import MisMarteraError as MisMarteraError
    from mismartera_core.errors import OrderExists as OrderExists
    from mismartera_core.errors import OrderNotSent as OrderNotSent
    from mismartera_core.errors import OrderRejected as OrderRejected
    from mismartera_core.errors import OrderUnclear as OrderUnclear
    from mismartera_core.errors import PluginError as PluginError
    from mismartera_core.errors import RiskStop as RiskStop
    from mismartera_core.errors import StrategyError as StrategyError
    from mismartera_core.hookspecs import hookimpl as hookimpl
    from mismartera_core.model.columns import BarColumns as BarColumns
    from mismartera_core.model.columns import FloatArray as FloatArray
    from mismartera_core.model.columns import IndicatorOutputs as IndicatorOutputs
    from mismartera_core.model.columns import QuoteColumns as QuoteColumns
    from mismartera_core.model.columns import TickColumns as TickColumns
    from mismartera_core.model.intervals import interval_ns as interval_ns
    from mismartera_core.model.market import Bar as Bar
    from mismartera_core.model.market import Quote as Quote
    from mismartera_core.model.market import Tick as Tick
    from mismartera_core.model.orders import Fill as Fill
    from mismartera_core.model.orders import Order as Order
    from mismartera_core.model.orders import OrderStatus as OrderStatus
    from mismartera_core.model.orders import OrderType as OrderType
    from mismartera_core.model.orders import Side as Side
    from mismartera_core.model.orders import TimeInForce as TimeInForce
    from mismartera_core.model.quality import Origin as Origin
    from mismartera_core.model.risk import RiskState as RiskState
    from mismartera_core.model.risk import RiskVerdict as RiskVerdict
    from mismartera_core.model.sessions import SessionTable as SessionTable
    from mismartera_core.model.signals import Signals as Signals
    from mismartera_core.model.venue import Execution as Execution
    from mismartera_core.model.venue import OrderTerms as OrderTerms
    from mismartera_core.model.venue import VenueAccount as VenueAccount
    from mismartera_core.model.venue import VenueOrder as VenueOrder
    from mismartera_core.model.venue import VenuePosition as VenuePosition
    from mismartera_core.model.venue import VenueStatus as VenueStatus
    from mismartera_core.registrations import BrokerReg as BrokerReg
    from mismartera_core.registrations import CostModelReg as CostModelReg
    from mismartera_core.registrations import DataProviderReg as DataProviderReg
    from mismartera_core.registrations import GapFillerReg as GapFillerReg
    from mismartera_core.registrations import IndicatorReg as IndicatorReg
    from mismartera_core.registrations import ReportReg as ReportReg
    from mismartera_core.registrations import RiskCheckReg as RiskCheckReg
    from mismartera_core.registrations import StrategyReg as StrategyReg
    from mismartera_core.registrations import TemplateReg as TemplateReg
    from mismartera_core.repositories.bar_store import BarStore as BarStore
    from mismartera_core.services.csv_parsing import ParsedBars as ParsedBars
    from mismartera_core.services.csv_parsing import parse_bars_csv as parse_bars_csv
    from mismartera_core.system.python_face import backtest as backtest
    from mismartera_core.system.run import Run as Run
    from mismartera_core.system.run import load_run as load_run
    from mismartera_core.system.session import Session as Session
    from mismartera_core.system.sweep import SweepResult as SweepResult
    from mismartera_core.system.sweep import sweep as sweep

_HOMES = {
    "builtin.simulated_broker": ("SimulatedBroker", "SimulatedConfig"),
    "contracts.broker": ("Broker", "Costs", "WorkingOrder"),
    "contracts.context": ("PluginContext",),
    "contracts.costs": ("CostRole",),
    "contracts.gap_filler": ("GapFiller",),
    "contracts.provider": ("DataProvider", "ProviderCapabilities"),
    "contracts.report": ("RunView",),
    "contracts.risk": (
        "AccountView",
        "OrderRequest",
        "Refusal",
        "RiskCheck",
        "RiskFacts",
        "RiskMonitor",
    ),
    "contracts.strategy": (
        "PortfolioStrategy",
        "SignalStrategy",
        "Strategy",
        "StrategyParams",
    ),
    "contracts.stream": (
        "Emit",
        "StreamChanged",
        "StreamEvent",
        "StreamNoise",
        "StreamRequest",
        "StreamState",
        "StreamedBars",
        "StreamedQuotes",
        "StreamedStatus",
        "StreamedTicks",
    ),
    "contracts.venue": (
        "EmitVenue",
        "Executed",
        "OrderChanged",
        "VenueBroker",
        "VenueCapabilities",
        "VenueEvent",
    ),
    "contracts.views": ("BarsView", "IndicatorSource", "OrderTicket", "Step"),
    "errors": (
        "BrokerError",
        "ConfigError",
        "DataError",
        "MisMarteraError",
        "OrderExists",
        "OrderNotSent",
        "OrderRejected",
        "OrderUnclear",
        "PluginError",
        "RiskStop",
        "StrategyError",
    ),
    "hookspecs": ("hookimpl",),
    "model.columns": (
        "BarColumns",
        "FloatArray",
        "IndicatorOutputs",
        "QuoteColumns",
        "TickColumns",
    ),
    "model.intervals": ("interval_ns",),
    "model.market": ("Bar", "Quote", "Tick"),
    "model.orders": ("Fill", "Order", "OrderStatus", "OrderType", "Side", "TimeInForce"),
    "model.quality": ("Origin",),
    "model.sessions": ("SessionTable",),
    "model.signals": ("Signals",),
    "model.risk": ("RiskState", "RiskVerdict"),
    "model.venue": (
        "Execution",
        "OrderTerms",
        "VenueAccount",
        "VenueOrder",
        "VenuePosition",
        "VenueStatus",
    ),
    "registrations": (
        "BrokerReg",
        "CostModelReg",
        "DataProviderReg",
        "GapFillerReg",
        "IndicatorReg",
        "ReportReg",
        "RiskCheckReg",
        "StrategyReg",
        "TemplateReg",
    ),
    "repositories.bar_store": ("BarStore",),
    "services.csv_parsing": ("ParsedBars", "parse_bars_csv"),
    "system.python_face": ("backtest",),
    "system.run": ("Run", "load_run"),
    "system.session": ("Session",),
    "system.sweep": ("SweepResult", "sweep"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME_OF)]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
