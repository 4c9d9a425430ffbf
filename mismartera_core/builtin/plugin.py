"""The hooks of the built-ins."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import (
    BrokerReg,
    CostModelReg,
    CostRole,
    DataProviderReg,
    GapFillerReg,
    ProviderCapabilities,
    ReportReg,
    RiskCheckReg,
    TemplateReg,
    hookimpl,
)
from mismartera_core.builtin.audit import mismartera_error_raised as mismartera_error_raised
from mismartera_core.builtin.audit import mismartera_quality_changed as mismartera_quality_changed
from mismartera_core.builtin.audit import mismartera_session_ended as mismartera_session_ended
from mismartera_core.builtin.audit import (
    mismartera_session_phase_changed as mismartera_session_phase_changed,
)
from mismartera_core.builtin.audit import mismartera_session_started as mismartera_session_started
from mismartera_core.builtin.config_checks import mismartera_check_config as mismartera_check_config
from mismartera_core.builtin.templates import TEMPLATES

_HERE = "mismartera_core.builtin"


@hookimpl
def mismartera_data_providers() -> Iterable[DataProviderReg]:
    """Sample, parquet and csv."""
    return [
        DataProviderReg(
            name="sample",
            factory=f"{_HERE}.sample_provider:SampleProvider",
            config_model=f"{_HERE}.sample_provider:SampleConfig",
            summary="Real daily bars (Quandl WIKI, public domain) with simulated intraday minutes",
            capabilities=ProviderCapabilities(
                bars=("1m", "1d"), stream=True, simulated=True, complete=True
            ),
        ),
        DataProviderReg(
            name="parquet",
            factory=f"{_HERE}.parquet_provider:ParquetProvider",
            config_model=f"{_HERE}.parquet_provider:ParquetConfig",
            summary="What `mismartera data import` has stored",
            capabilities=ProviderCapabilities(bars=("*",), ticks=True, quotes=True),
        ),
        DataProviderReg(
            name="csv",
            factory=f"{_HERE}.csv_provider:CsvProvider",
            config_model=f"{_HERE}.csv_provider:CsvConfig",
            summary="A folder of CSV files, one per symbol, read as they are",
            capabilities=ProviderCapabilities(bars=("*",)),
        ),
    ]


@hookimpl
def mismartera_gap_fillers() -> Iterable[GapFillerReg]:
    """A second source."""
    return [
        GapFillerReg(
            name="second_source",
            factory=f"{_HERE}.second_source:SecondSource",
            config_model=f"{_HERE}.second_source:SecondSourceConfig",
            summary="Asks another data provider",
        )
    ]


@hookimpl
def mismartera_brokers() -> Iterable[BrokerReg]:
    """The simulated broker."""
    return [
        BrokerReg(
            name="simulated",
            factory=f"{_HERE}.simulated_broker:SimulatedBroker",
            config_model=f"{_HERE}.simulated_broker:SimulatedConfig",
            summary="Fills orders from bars by the rules of docs/order-semantics.md",
            simulated=True,
        )
    ]


def _cost(name: str, role: CostRole, summary: str) -> CostModelReg:
    module = f"{_HERE}.{role.value}"
    return CostModelReg(
        name=name,
        role=role,
        factory=f"{module}:{role.value}",
        config_model=f"{module}:CONFIGS.{name}",
        parameters=f"{module}:PARAMETERS.{name}",
        summary=summary,
    )


@hookimpl
def mismartera_cost_models() -> Iterable[CostModelReg]:
    """Commissions, slippages and participation limits; each role is one linear formula."""
    return [
        _cost("per_share", CostRole.COMMISSION, "So much a share, with a minimum and a cap"),
        _cost("percent", CostRole.COMMISSION, "A share of the notional"),
        _cost("per_order", CostRole.COMMISSION, "So much a fill"),
        _cost("fixed_slippage", CostRole.SLIPPAGE, "So many currency units against you"),
        _cost("bps_slippage", CostRole.SLIPPAGE, "So many basis points against you"),
        _cost("volume_slippage", CostRole.SLIPPAGE, "Impact by the share of the bar's volume"),
        _cost("volume_limit", CostRole.PARTICIPATION, "At most a fraction of the bar's volume"),
    ]


@hookimpl
def mismartera_risk_checks() -> Iterable[RiskCheckReg]:
    """Limits a config can name."""
    return [
        RiskCheckReg(
            name=name,
            factory=f"{_HERE}.risk_checks:{cls}",
            config_model=f"{_HERE}.risk_checks:{cls}Config",
            summary=summary,
        )
        for name, cls, summary in (
            ("max_order_notional", "MaxOrderNotional", "Refuses orders larger than so much"),
            ("max_position_notional", "MaxPositionNotional", "Refuses positions above so much"),
            ("max_open_positions", "MaxOpenPositions", "Refuses one position too many"),
            ("max_orders_per_session", "MaxOrdersPerSession", "Refuses orders above a count"),
            ("max_daily_loss", "MaxDailyLoss", "Refuses to open after losing so much in a day"),
            ("trading_window", "TradingWindow", "Refuses to open near the open and the close"),
        )
    ]


@hookimpl
def mismartera_reports() -> Iterable[ReportReg]:
    """A report for people."""
    return [
        ReportReg(
            name="markdown",
            factory=f"{_HERE}.markdown_report:MarkdownReport",
            summary="report.md in the run folder: summary, strategies, days, refusals",
        )
    ]


@hookimpl
def mismartera_templates() -> Iterable[TemplateReg]:
    """A project for each kind of plugin."""
    return [
        TemplateReg(
            name=name, kind=kind, factory=f"{_HERE}.templates:FOLDERS.{name}", summary=summary
        )
        for name, (kind, summary) in TEMPLATES.items()
    ]
