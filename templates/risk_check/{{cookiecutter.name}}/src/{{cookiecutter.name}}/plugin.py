"""What {{ cookiecutter.name }} offers. Names only, so that listing plugins stays quick."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import RiskCheckReg, hookimpl


@hookimpl
def mismartera_risk_checks() -> Iterable[RiskCheckReg]:
    """The risk check."""
    return [
        RiskCheckReg(
            name="{{ cookiecutter.name }}",
            factory="{{ cookiecutter.name }}.check:{{ cookiecutter.__class }}",
            config_model="{{ cookiecutter.name }}.check:{{ cookiecutter.__class }}Config",
            summary="{{ cookiecutter.__about }}",
        ),
    ]
