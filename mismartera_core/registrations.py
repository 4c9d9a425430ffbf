"""The records by which plugins announce what they offer. Cheap to import."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mismartera_core.contracts.costs import CostRole
from mismartera_core.contracts.provider import ProviderCapabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What every record carries.

    Attributes:
        name: How a session config chooses it: lower case, digits and underscores.
        factory: Builds it: `factory(config, context)`. "module:attribute" is imported on first use.
        config_model: Pydantic model of its config, or "module:attribute"; None where it has none.
        summary: One line for `mismartera plugins list`.
        example: A config that works, as JSON would have it, where its defaults alone do not; shown
            by `mismartera plugins show` and used by `mismartera plugins check`.
        suites: Conformance suites of its own, "module:class", by which `mismartera plugins check`
            tests it; the suite of its kind where there are none. A plugin that needs a fake of a
            service, or the calendar of another market, names its suites here.
    """

    name: str
    factory: Callable[..., Any] | str
    config_model: type[Any] | str | None = None
    summary: str = ""
    example: Mapping[str, Any] = field(default_factory=dict)
    suites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DataProviderReg(Registration):
    """A data provider; the factory returns a DataProvider.

    Attributes:
        capabilities: What it delivers.
    """

    capabilities: ProviderCapabilities = field(default_factory=ProviderCapabilities)


@dataclass(frozen=True, slots=True, kw_only=True)
class GapFillerReg(Registration):
    """A gap filler; the factory returns a GapFiller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorReg(Registration):
    """An indicator; `factory` is the function `compute(bars, **params)` itself.

    Attributes:
        category: "trend", "momentum", "volatility", "volume", "statistics", "candlestick" or
            "chart_pattern".
        outputs: Names of the arrays it returns, the principal one first.
        ticks: Whether it also takes the session's trades: `compute(bars, ticks, **params)`.
    """

    category: str
    outputs: tuple[str, ...] = ("value",)
    ticks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyReg(Registration):
    """A strategy; `factory` is the class, its nested `Params` are the config."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerReg(Registration):
    """A broker; the factory returns a broker.

    Attributes:
        simulated: Whether it fills orders itself, from bars.
    """

    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CostModelReg(Registration):
    """A cost model; `factory` is the scalar function itself.

    Attributes:
        role: Commission, slippage or participation.
        parameters: Makes the function's plain numbers of the validated config.
    """

    role: CostRole
    parameters: Callable[[Any], tuple[float, ...]] | str


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskCheckReg(Registration):
    """A risk check; the factory returns a RiskCheck."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportReg(Registration):
    """A report; the factory returns a Report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateReg(Registration):
    """A template of a plugin for `mismartera new NAME ...`.

    `factory` takes no arguments and returns the folder of a cookiecutter template as a Path.

    Attributes:
        kind: Kind of plugin it makes, as `mismartera plugins list` names it.
    """

    kind: str
