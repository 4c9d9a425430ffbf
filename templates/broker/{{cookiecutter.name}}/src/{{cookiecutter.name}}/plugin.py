"""What {{ cookiecutter.name }} offers. Names only, so that listing plugins stays quick."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import BrokerReg, hookimpl


@hookimpl
def mismartera_brokers() -> Iterable[BrokerReg]:
    """The broker; `simulated`, because it makes its fills itself."""
    return [
        BrokerReg(
            name="{{ cookiecutter.name }}",
            factory="{{ cookiecutter.name }}.broker:{{ cookiecutter.__class }}",
            config_model="{{ cookiecutter.name }}.broker:{{ cookiecutter.__class }}Config",
            summary="{{ cookiecutter.__about }}",
            simulated=True,
            example={"cash": "100000"},
        ),
    ]
