"""What {{ cookiecutter.name }} offers. Names only, so that listing plugins stays quick."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import CostModelReg, CostRole, hookimpl


@hookimpl
def mismartera_cost_models() -> Iterable[CostModelReg]:
    """The commission."""
    return [
        CostModelReg(
            name="{{ cookiecutter.name }}",
            role=CostRole.COMMISSION,
            factory="{{ cookiecutter.name }}.commission:fee",
            config_model="{{ cookiecutter.name }}.commission:{{ cookiecutter.__class }}Config",
            parameters="{{ cookiecutter.name }}.commission:numbers",
            summary="{{ cookiecutter.__about }}",
        ),
    ]
