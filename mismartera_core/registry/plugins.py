"""What is known of a plugin: how it was found, what it offers, why it is not used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pluggy

from mismartera_core.registrations import (
    BrokerReg,
    CostModelReg,
    DataProviderReg,
    GapFillerReg,
    IndicatorReg,
    Registration,
    ReportReg,
    RiskCheckReg,
    StrategyReg,
    TemplateReg,
)

KINDS: Mapping[str, tuple[str, type[Registration]]] = {
    "broker": ("mismartera_brokers", BrokerReg),
    "cost_model": ("mismartera_cost_models", CostModelReg),
    "data_provider": ("mismartera_data_providers", DataProviderReg),
    "gap_filler": ("mismartera_gap_fillers", GapFillerReg),
    "indicator": ("mismartera_indicators", IndicatorReg),
    "report": ("mismartera_reports", ReportReg),
    "risk_check": ("mismartera_risk_checks", RiskCheckReg),
    "strategy": ("mismartera_strategies", StrategyReg),
    "template": ("mismartera_templates", TemplateReg),
}
"""Kind of plugin: the hook that registers it, and its record."""

BUILTIN = "builtin"
"""The plugin that comes with the core."""

OK, BROKEN, REFUSED, DISABLED, CONFLICT = "ok", "broken", "refused", "disabled", "conflict"
"""Status of a plugin, or of one thing it offers: only an offer is in conflict, with another."""


@dataclass(frozen=True, slots=True)
class PluginProblem:
    """Why a plugin, or something it offers, is not used.

    Attributes:
        plugin: Name of its entry point.
        version: Version of its distribution.
        reason: One sentence.
        hint: What to do.
    """

    plugin: str
    version: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin as it was found.

    Attributes:
        name: Name of its entry point.
        version: Version of its distribution.
        status: "ok", "broken", "refused" (by the lock, or for its range of core versions) or
            "disabled".
        hooks: Hooks it implements, sorted; empty where it was not loaded.
        source: Distribution and module.
        summary: What its distribution says it is.
    """

    name: str
    version: str
    status: str
    hooks: tuple[str, ...]
    source: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that a plugin offers, usable or not.

    Attributes:
        kind: See `KINDS`.
        record: Its registration.
        plugin: Who offers it.
        status: "ok", "broken" where its plugin is, "conflict" where another has its name too.
    """

    kind: str
    record: Registration
    plugin: Plugin
    status: str


@dataclass(slots=True)
class Loaded:
    """A plugin, its own manager, and what came of asking it.

    Attributes:
        doing: What it is being asked, for the message if it never answers.
    """

    name: str
    version: str
    source: str
    summary: str = ""
    status: str = OK
    hooks: tuple[str, ...] = ()
    doing: str = ""
    manager: pluggy.PluginManager | None = None
    records: list[tuple[str, Registration]] = field(default_factory=list)
    problems: list[PluginProblem] = field(default_factory=list)

    def blame(self, reason: str, hint: str = "", status: str = BROKEN) -> Loaded:
        """Note why it is not used."""
        self.status = status
        self.problems.append(PluginProblem(self.name, self.version, reason, hint))
        return self

    def as_plugin(self) -> Plugin:
        """What others may know of it."""
        return Plugin(self.name, self.version, self.status, self.hooks, self.source, self.summary)
