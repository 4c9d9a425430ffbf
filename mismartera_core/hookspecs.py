"""Every hook, typed, with an example. A plugin module implements the ones it needs.

A plugin is a module named by an entry point of the group `mismartera`; it holds hook
implementations only and imports its libraries inside the things it registers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from datetime import date

    from mismartera_core.config.session_config import SessionConfig
    from mismartera_core.model.quality import QualityReport
    from mismartera_core.model.sessions import SessionPhase
    from mismartera_core.registrations import (
        BrokerReg,
        CostModelReg,
        DataProviderReg,
        GapFillerReg,
        IndicatorReg,
        ReportReg,
        RiskCheckReg,
        StrategyReg,
        TemplateReg,
    )

PROJECT = "mismartera"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """The hook specifications."""

    @hookspec
    def mismartera_data_providers(self) -> Iterable[DataProviderReg]:  # type: ignore[empty-body]
        """Data providers.

        Example:
            @hookimpl
            def mismartera_data_providers():
                return [DataProviderReg(name="news", factory="my_plugin.provider:NewsProvider")]
        """

    @hookspec
    def mismartera_gap_fillers(self) -> Iterable[GapFillerReg]:  # type: ignore[empty-body]
        """Gap fillers.

        Example:
            @hookimpl
            def mismartera_gap_fillers():
                return [GapFillerReg(name="rest", factory="my_plugin.filler:RestFiller")]
        """

    @hookspec
    def mismartera_indicators(self) -> Iterable[IndicatorReg]:  # type: ignore[empty-body]
        """Indicators.

        Example:
            @hookimpl
            def mismartera_indicators():
                return [IndicatorReg(name="mid", category="trend", factory="my_plugin.mid:compute")]
        """

    @hookspec
    def mismartera_strategies(self) -> Iterable[StrategyReg]:  # type: ignore[empty-body]
        """Strategies.

        Example:
            @hookimpl
            def mismartera_strategies():
                return [StrategyReg(name="mine", factory="my_plugin.mine:Mine")]
        """

    @hookspec
    def mismartera_brokers(self) -> Iterable[BrokerReg]:  # type: ignore[empty-body]
        """Brokers.

        Example:
            @hookimpl
            def mismartera_brokers():
                return [BrokerReg(name="mine", factory="my_plugin.broker:MyBroker")]
        """

    @hookspec
    def mismartera_cost_models(self) -> Iterable[CostModelReg]:  # type: ignore[empty-body]
        """Commission, slippage and participation models.

        Example:
            @hookimpl
            def mismartera_cost_models():
                return [
                    CostModelReg(
                        name="flat",
                        role=CostRole.COMMISSION,
                        factory="my_plugin.costs:flat",
                        config_model="my_plugin.costs:FlatConfig",
                        parameters="my_plugin.costs:flat_parameters",
                    )
                ]
        """

    @hookspec
    def mismartera_risk_checks(self) -> Iterable[RiskCheckReg]:  # type: ignore[empty-body]
        """Risk checks.

        Example:
            @hookimpl
            def mismartera_risk_checks():
                return [RiskCheckReg(name="no_fridays", factory="my_plugin.risk:NoFridays")]
        """

    @hookspec
    def mismartera_reports(self) -> Iterable[ReportReg]:  # type: ignore[empty-body]
        """Reports.

        Example:
            @hookimpl
            def mismartera_reports():
                return [ReportReg(name="excel", factory="my_plugin.excel:ExcelReport")]
        """

    @hookspec
    def mismartera_templates(self) -> Iterable[TemplateReg]:  # type: ignore[empty-body]
        """Templates of plugins.

        Example:
            @hookimpl
            def mismartera_templates():
                return [TemplateReg(name="desk", kind="strategy", factory="my_plugin.new:folder")]
        """

    @hookspec
    def mismartera_check_config(self, config: SessionConfig) -> Iterable[str]:  # type: ignore[empty-body]
        """Problems of a session config that only this plugin can see, one sentence each.

        Example:
            @hookimpl
            def mismartera_check_config(config):
                if config.mode == "live":
                    yield "data_provider: the sample provider has no live data"
        """

    @hookspec(firstresult=True)
    def mismartera_resolve_secret(self, name: str) -> str | None:
        """A secret by its name, or None. The first plugin that has it is listened to.

        Asked once a name, when a plugin needs it; the built-ins (environment, `.env`, keyring) go
        first. What it returns is kept from logs. Raise where the place of secrets cannot be read:
        what is raised is told only where nobody has the secret.

        Example:
            @hookimpl
            def mismartera_resolve_secret(name):
                return {"ALPACA_API_KEY": "from my vault"}.get(name)
        """

    @hookspec
    def mismartera_session_started(self, session: date) -> None:
        """A session begins. Called by the analysis thread, once a session.

        Example:
            @hookimpl
            def mismartera_session_started(session):
                print(f"{session:%A} begins")
        """

    @hookspec
    def mismartera_session_phase_changed(self, session: date, phase: SessionPhase) -> None:
        """A session enters a phase. Called by the coordinator thread.

        Example:
            @hookimpl
            def mismartera_session_phase_changed(session, phase):
                print(f"{session} is {phase}")
        """

    @hookspec
    def mismartera_session_ended(self, session: date, equity: float, fills: int) -> None:
        """A session has ended. Called by the analysis thread, once a session.

        Example:
            @hookimpl
            def mismartera_session_ended(session, equity):
                print(f"{session} ended with {equity:,.2f}")
        """

    @hookspec
    def mismartera_quality_changed(self, report: QualityReport) -> None:
        """A symbol's quality was measured below 1.0. Called by the quality thread.

        Example:
            @hookimpl
            def mismartera_quality_changed(report):
                print(f"{report.symbol} lacks {report.missing} of {report.expected} bars")
        """

    @hookspec
    def mismartera_error_raised(self, error: BaseException, where: str) -> None:
        """A worker raised. Called by the thread that raised; `where` names it.

        Example:
            @hookimpl
            def mismartera_error_raised(error, where):
                print(f"{where} stopped: {error}")
        """
