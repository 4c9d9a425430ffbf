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
    StrategyReg,
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
from mismartera_core.builtin.secrets import mismartera_resolve_secret as mismartera_resolve_secret
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
            capabilities=ProviderCapabilities(bars=("1m", "1d"), simulated=True, complete=True),
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
            example={"path": "bars"},
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
            example={"provider": "parquet"},
        )
    ]


@hookimpl
def mismartera_strategies() -> Iterable[StrategyReg]:
    """One to try things out with; it needs no other plugin."""
    return [
        StrategyReg(
            name="trend",
            factory=f"{_HERE}.trend:Trend",
            summary="Long while the price is above its average of the day; to try things out",
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
            example={"cash": "100000"},
            simulated=True,
        )
    ]


def _cost(name: str, role: CostRole, example: dict[str, float], summary: str) -> CostModelReg:
    module = f"{_HERE}.{role.value}"
    return CostModelReg(
        name=name,
        role=role,
        factory=f"{module}:{role.value}",
        config_model=f"{module}:CONFIGS.{name}",
        parameters=f"{module}:PARAMETERS.{name}",
        summary=summary,
        example=example,
    )


@hookimpl
def mismartera_cost_models() -> Iterable[CostModelReg]:
    """Commissions, slippages and participation limits; each role is one linear formula."""
    return [
        _cost(name, role, example, summary)
        for name, role, example, summary in (
            (
                "per_share",
                CostRole.COMMISSION,
                {"per_share": 0.005, "minimum": 1.0},
                "So much a share, with a minimum and a cap",
            ),
            ("percent", CostRole.COMMISSION, {"percent": 0.1}, "A share of the notional"),
            ("per_order", CostRole.COMMISSION, {"per_order": 1.0}, "So much a fill"),
            (
                "fixed_slippage",
                CostRole.SLIPPAGE,
                {"amount": 0.01},
                "So many currency units against you",
            ),
            ("bps_slippage", CostRole.SLIPPAGE, {"bps": 1.0}, "So many basis points against you"),
            (
                "volume_slippage",
                CostRole.SLIPPAGE,
                {"impact": 0.1},
                "Impact by the share of the bar's volume",
            ),
            (
                "volume_limit",
                CostRole.PARTICIPATION,
                {"fraction": 0.1},
                "At most a fraction of the bar's volume",
            ),
        )
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
            example=example,
        )
        for name, cls, example, summary in (
            (
                "max_order_notional",
                "MaxOrderNotional",
                {"limit": 25000},
                "Refuses orders larger than so much",
            ),
            (
                "max_position_notional",
                "MaxPositionNotional",
                {"limit": 50000},
                "Refuses positions above so much",
            ),
            (
                "max_open_positions",
                "MaxOpenPositions",
                {"limit": 5},
                "Refuses one position too many",
            ),
            (
                "max_orders_per_session",
                "MaxOrdersPerSession",
                {"limit": 100},
                "Refuses orders above a count",
            ),
            (
                "max_daily_loss",
                "MaxDailyLoss",
                {"limit": 1000},
                "Refuses to open after losing so much in a day",
            ),
            (
                "trading_window",
                "TradingWindow",
                {"after_open": 5, "before_close": 15},
                "Refuses to open near the open and the close",
            ),
        )
    ] + [
        RiskCheckReg(
            name="standard",
            factory=f"{_HERE}.standard.check:StandardCheck",
            config_model=f"{_HERE}.standard.config:StandardConfig",
            summary="Every limit a live session is held to, on by default; halts the account",
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
