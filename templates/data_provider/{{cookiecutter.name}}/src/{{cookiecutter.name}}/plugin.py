"""What {{ cookiecutter.name }} offers. Names only, so that listing plugins stays quick."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import DataProviderReg, ProviderCapabilities, hookimpl


@hookimpl
def mismartera_data_providers() -> Iterable[DataProviderReg]:
    """The provider; `simulated` is to go when its prices are real."""
    return [
        DataProviderReg(
            name="{{ cookiecutter.name }}",
            factory="{{ cookiecutter.name }}.provider:{{ cookiecutter.__class }}",
            config_model="{{ cookiecutter.name }}.provider:{{ cookiecutter.__class }}Config",
            summary="{{ cookiecutter.__about }}",
            capabilities=ProviderCapabilities(bars=("1m",), simulated=True, complete=True),
        ),
    ]
