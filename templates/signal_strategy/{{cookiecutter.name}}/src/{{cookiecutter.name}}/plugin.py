"""What {{ cookiecutter.name }} offers. Names only, so that listing plugins stays quick."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import StrategyReg, hookimpl


@hookimpl
def mismartera_strategies() -> Iterable[StrategyReg]:
    """The strategy."""
    return [
        StrategyReg(
            name="{{ cookiecutter.name }}",
            factory="{{ cookiecutter.name }}.strategy:{{ cookiecutter.__class }}",
            summary="{{ cookiecutter.__about }}",
        ),
    ]
