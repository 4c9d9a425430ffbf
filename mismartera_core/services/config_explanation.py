"""What a session config will do, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mismartera_core.config.fields import BARS_PREFIX
from mismartera_core.config.session_config import (
    BacktestConfig,
    HistoricalConfig,
    SessionConfig,
    SessionDataConfig,
    StrategyConfig,
)
from mismartera_core.contracts.costs import CostRole
from mismartera_core.contracts.provider import ProviderCapabilities
from mismartera_core.model.intervals import interval_ns
from mismartera_core.services.config_resolution import Choice, Resolved

_FREE = {
    CostRole.COMMISSION: "none: fills are free",
    CostRole.SLIPPAGE: "none: fills get the price of the bar",
    CostRole.PARTICIPATION: "none: a bar fills any quantity",
}


def explain(config: SessionConfig, resolved: Resolved) -> list[tuple[str, str]]:
    """Topic and sentence of everything a run will do.

    Args:
        config: The session config.
        resolved: Its plugins.
    """
    data = config.session_data_config
    capabilities: ProviderCapabilities = resolved.data_provider.record.capabilities
    return [
        ("session", f"{config.session_name}, {config.mode}"),
        ("calendar", f"{config.exchange_group}, {config.asset_class}"),
        ("dates", _dates(config.backtest_config)),
        ("symbols", ", ".join(data.symbols)),
        (
            "data",
            _choice(resolved.data_provider) + (" SIMULATED" if capabilities.simulated else ""),
        ),
        ("streams", f"{', '.join(data.streams)}; {data.hours} hours"),
        ("bars", _bars(config, capabilities)),
        ("history", _history(data.historical)),
        ("gaps", _gaps(data, resolved.gap_filler)),
        *(
            ("strategy", _strategy(part, choice, data))
            for part, choice in zip(config.strategies, resolved.strategies, strict=True)
        ),
        ("broker", _choice(resolved.broker)),
        *((role.value, _cost(resolved, role)) for role in CostRole),
        ("risk", _several(resolved.risk, "none: no order is checked before it leaves")),
        ("outputs", _several(resolved.outputs, "the run folder only")),
    ]


def _dates(backtest: BacktestConfig | None) -> str:
    if backtest is None:
        return "live: from now on"
    if backtest.backtest_days is not None:
        dates = f"the {backtest.backtest_days} newest sessions of the data"
    else:
        dates = f"{backtest.start_date} to {backtest.end_date}, both included"
    pace = "as fast as possible"
    if backtest.speed_multiplier:
        pace = f"at {backtest.speed_multiplier:g} times real time"
    return f"{dates}; {pace}; {backtest.prefetch_days} prepared ahead"


def _bars(config: SessionConfig, capabilities: ProviderCapabilities) -> str:
    """Which intervals the provider delivers, and which are made of finer ones."""
    data = config.session_data_config
    asked = {stream.removeprefix(BARS_PREFIX) for stream in data.streams if "_" in stream}
    asked |= {part.interval for part in config.strategies if part.interval}
    asked |= {interval for part in data.historical.data for interval in part.intervals}
    ordered = sorted(asked, key=interval_ns)
    if "*" in capabilities.bars:
        return f"{', '.join(ordered)}: as stored, or generated from finer ones"
    generated = [interval for interval in ordered if interval not in capabilities.bars]
    delivered = [interval for interval in ordered if interval in capabilities.bars]
    texts = [f"{', '.join(delivered)} from the provider"] if delivered else []
    texts += [f"{', '.join(generated)} generated from finer ones"] if generated else []
    return "; ".join(texts) or "none"


def _history(history: HistoricalConfig) -> str:
    texts = [
        f"{', '.join(part.intervals)} bars of {_symbols(part.apply_to)}, "
        + ("all there are" if part.trailing_days == "all" else f"{part.trailing_days} days back")
        for part in history.data
    ]
    texts += [
        f"{name} = average {part.field} of {part.period} for {_symbols(part.apply_to)}"
        for name, part in history.indicators.items()
    ]
    return "; ".join(texts) or "none"


def _gaps(data: SessionDataConfig, filler: Choice | None) -> str:
    texts = []
    if filler is not None and data.gap_filler is not None:
        settings = data.gap_filler
        texts.append(
            f"{_choice(filler)}, {settings.max_retries} retries every "
            f"{settings.retry_interval_seconds:g} s"
        )
    else:
        texts.append("measured, not filled")
    if data.min_quality is not None:
        texts.append(f"data below {data.min_quality:.1%} completeness are refused")
    return "; ".join(texts)


def _strategy(part: StrategyConfig, choice: Choice, data: SessionDataConfig) -> str:
    name = part.label if part.label == part.name else f"{part.label} ({part.name})"
    interval = part.interval or data.base_interval or "no bars"
    flat = "may hold overnight"
    if part.flat_by_close is not None:
        flat = f"flat {part.flat_by_close} minutes before the close"
    symbols = ", ".join(part.symbols or data.symbols)
    return f"{name} on {symbols}, {interval}: {_values(choice.config)}; {flat}"


def _cost(resolved: Resolved, role: CostRole) -> str:
    choice = resolved.costs.get(role)
    return _choice(choice) if choice else _FREE[role]


def _several(choices: Iterable[Choice] | None, nothing: str) -> str:
    return "; ".join(_choice(choice) for choice in choices or ()) or nothing


def _choice(choice: Choice) -> str:
    return (
        f"{choice.record.name} ({_values(choice.config)})"
        if choice.config
        else (str(choice.record.name))
    )


def _values(config: Any) -> str:
    if config is None:
        return "nothing to set"
    values = config.model_dump(mode="json")
    return ", ".join(f"{name}={value}" for name, value in values.items()) or "nothing to set"


def _symbols(apply_to: str | tuple[str, ...]) -> str:
    return "all symbols" if isinstance(apply_to, str) else ", ".join(apply_to)
