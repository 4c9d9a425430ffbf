"""What {{ cookiecutter.name }} offers. Names only, so that listing plugins stays quick."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import IndicatorReg, StrategyReg, hookimpl


@hookimpl
def mismartera_indicators() -> Iterable[IndicatorReg]:
    """The indicator."""
    return [
        IndicatorReg(
            name="{{ cookiecutter.name }}",
            category="momentum",
            factory="{{ cookiecutter.name }}.indicator:compute",
            config_model="{{ cookiecutter.name }}.indicator:Params",
            summary="{{ cookiecutter.__about }}",
        ),
    ]


@hookimpl
def mismartera_strategies() -> Iterable[StrategyReg]:
    """A strategy that trades the indicator, to see it in a session."""
    return [
        StrategyReg(
            name="{{ cookiecutter.name }}_strategy",
            factory="{{ cookiecutter.name }}.strategy:{{ cookiecutter.__class }}Strategy",
            summary="Long while {{ cookiecutter.name }} is high",
        ),
    ]
