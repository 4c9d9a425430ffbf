"""Indicators by name: looked up, parameters checked, computed on columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import ValidationError

from mismartera_core.config.problems import sentences
from mismartera_core.contracts.strategy import SignalStrategy
from mismartera_core.errors import ConfigError, PluginError, StrategyError
from mismartera_core.model.columns import BarColumns, FloatArray, IndicatorOutputs, TickColumns
from mismartera_core.model.signals import Signals
from mismartera_core.registry import Registry, config_model, resolve_attribute

Params = tuple[tuple[str, object], ...]
Bound = Callable[..., IndicatorOutputs]
"""Takes bars, and the session's trades where an indicator goes by them."""
Told = Callable[[str, Params, Iterable[FloatArray]], None]
"""Takes name, parameters and outputs of an indicator that was computed."""

KEPT_BYTES = 256 * 2**20
"""Most that `KeptIndicators` keeps."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """A registered indicator, ready to compute.

    Attributes:
        name: Registered name.
        compute: The causal function.
        outputs: Names of its arrays, the principal one first.
        ticks: Whether it takes the session's trades after the bars.
    """

    name: str
    compute: Callable[..., IndicatorOutputs]
    outputs: tuple[str, ...]
    ticks: bool


class IndicatorLibrary:
    """Looks indicators up once and keeps them.

    Args:
        registry: Where plugins registered them.
        trades: Whether there are trades for those that take them.
    """

    def __init__(self, registry: Registry, *, trades: bool = False) -> None:
        self._registry = registry
        self._trades = trades
        self._known: dict[str, tuple[Indicator, Any]] = {}
        self._checked: dict[tuple[str, Params], Params] = {}
        self._bound: dict[tuple[str, Params], Bound] = {}

    def get(self, name: str) -> Indicator:
        """An indicator by its registered name.

        Raises:
            PluginError: There is none.
        """
        return self._look_up(name)[0]

    def check(self, name: str, params: dict[str, Any]) -> Params:
        """Validated parameters, defaults filled in, sorted by name.

        Raises:
            ConfigError: A parameter is unknown or out of bounds, or it needs trades and there are
                none.
        """
        asked = (name, tuple(sorted(params.items())))
        found = self._checked.get(asked)
        if found is None:
            found = self._checked[asked] = self._validated(name, params)
        return found

    def _validated(self, name: str, params: dict[str, Any]) -> Params:
        indicator, model = self._look_up(name)
        if indicator.ticks and not self._trades:
            raise ConfigError(
                f'indicator {name!r} needs trades: add "ticks" to session_data_config.streams'
            )
        if model is None:
            return tuple(sorted(params.items()))
        try:
            return tuple(sorted(dict(model(**params)).items()))
        except ValidationError as error:
            raise ConfigError(
                f"indicator {name!r}: {'; '.join(sentences(error, model))}",
                hint=f"`mismartera plugins show {name}` lists its parameters",
            ) from error

    def compute(
        self, name: str, params: Params, bars: BarColumns, ticks: TickColumns | None = None
    ) -> IndicatorOutputs:
        """All outputs of an indicator on these bars.

        Args:
            name: Registered name.
            params: As `check` returned them.
            bars: History and session.
            ticks: Trades of the session, for an indicator that takes them.

        Raises:
            PluginError: It raised, or broke the contract of its kind.
        """
        return self.bound(name, params)(bars, ticks)

    def bound(self, name: str, params: Params) -> Bound:
        """An indicator looked up once, for the columns of many symbols; `compute` for each.

        Args:
            name: Registered name.
            params: As `check` returned them.
        """
        asked = (name, params)
        found = self._bound.get(asked)
        if found is None:
            found = self._bound[asked] = self._bind(name, params)
        return found

    def _bind(self, name: str, params: Params) -> Bound:
        indicator, _ = self._look_up(name)
        function, names, takes_ticks = indicator.compute, indicator.outputs, indicator.ticks
        keywords = dict(params)

        def compute(bars: BarColumns, ticks: TickColumns | None = None) -> IndicatorOutputs:
            try:
                columns = (bars, ticks) if takes_ticks else (bars,)
                outputs = function(*columns, **keywords)
            except Exception as error:
                what = f"{type(error).__name__}: {error}"
                raise PluginError(f"indicator {name!r} raised {what}") from error
            # A plain dict, the usual case, is told without the detour of asking an abstract class.
            if type(outputs) is not dict and not isinstance(outputs, Mapping):
                raise PluginError(
                    f"indicator {name!r}: expected arrays by name, was {type(outputs).__name__}"
                )
            rows = len(bars.ts)
            for output in names:
                array = outputs.get(output)
                if array is None or len(array) != rows:
                    found = "nothing" if array is None else f"{len(array)} rows"
                    raise PluginError(
                        f"indicator {name!r}: expected {rows} rows of {output!r}, was {found}"
                    )
            return outputs

        return compute

    def _look_up(self, name: str) -> tuple[Indicator, Any]:
        found = self._known.get(name)
        if found is None:
            record = self._registry.get("indicator", name)
            function = resolve_attribute(record.factory)
            indicator = Indicator(name, function, record.outputs, record.ticks)
            found = (indicator, config_model(record))
            self._known[name] = found
        return found


class ColumnIndicators:
    """What `SignalStrategy.signals` is handed: indicators of the columns it was given.

    Args:
        library: Where they are looked up.
        bars: The columns.
        told: Told of every indicator that is computed.
    """

    def __init__(
        self, library: IndicatorLibrary, bars: BarColumns, told: Told | None = None
    ) -> None:
        self._library = library
        self._bars = bars
        self._told = told

    def __call__(self, name: str, **params: Any) -> FloatArray:
        """The principal output."""
        return np.asarray(self._outputs(name, params)[self._library.get(name).outputs[0]])

    def outputs(self, name: str, **params: Any) -> dict[str, FloatArray]:
        """All outputs."""
        return dict(self._outputs(name, params))

    def _outputs(self, name: str, params: dict[str, Any]) -> IndicatorOutputs:
        if self._library.get(name).ticks:
            raise ConfigError(
                f"indicator {name!r} needs trades, and a SignalStrategy is a function of bars",
                hint="ask for it in a Strategy or a PortfolioStrategy",
            )
        checked = self._library.check(name, params)
        outputs = self._compute(name, checked)
        if self._told is not None:
            self._told(name, checked, outputs.values())
        return outputs

    def _compute(self, name: str, params: Params) -> IndicatorOutputs:
        return self._library.compute(name, params, self._bars)


class KeptIndicators(ColumnIndicators):
    """Indicators of one set of columns, asked for again and again: computed once each, read only.

    Those kept longest are let go where they come to more than `KEPT_BYTES`.
    """

    def __init__(self, library: IndicatorLibrary, bars: BarColumns) -> None:
        super().__init__(library, bars)
        self._made: dict[tuple[str, Params], IndicatorOutputs] = {}
        self._bytes = 0

    def _compute(self, name: str, params: Params) -> IndicatorOutputs:
        key = name, params
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = super()._compute(name, params)
            self._bytes += _size(found)
            for array in found.values():
                array.flags.writeable = False
            while self._bytes > KEPT_BYTES and len(self._made) > 1:
                self._bytes -= _size(self._made.pop(next(iter(self._made))))
        return found


def _size(outputs: IndicatorOutputs) -> int:
    return sum(array.nbytes for array in outputs.values())


def ask_signals(
    strategy: SignalStrategy, bars: BarColumns, indicators: ColumnIndicators
) -> Signals:
    """What a SignalStrategy wants at each of the bars.

    Raises:
        StrategyError: It has not one number for each.
    """
    made = strategy.signals(bars, indicators)
    who = f"{type(strategy).__name__}.signals"
    if not isinstance(made, Signals):
        raise StrategyError(
            f"{who}: expected Signals, was {type(made).__name__}",
            hint="return Signals(target), an array with the units wanted after each bar",
        )
    target = _column(who, "targets", made.target, len(bars))
    protective = (made.stop_loss, made.take_profit)
    stop, profit = (
        None if column is None else _column(who, name, column, len(bars))
        for name, column in zip(("stop_loss", "take_profit"), protective, strict=True)
    )
    return Signals(target, stop, profit)


def _column(who: str, name: str, given: Any, rows: int) -> FloatArray:
    """A column of signals as an array of float64."""
    try:
        column: FloatArray = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise StrategyError(f"{who}: expected numbers as {name}: {error}") from error
    if column.shape != (rows,):
        found = len(column) if column.ndim == 1 else f"an array of shape {column.shape}"
        raise StrategyError(f"{who}: expected {rows} {name}, was {found}")
    return column
