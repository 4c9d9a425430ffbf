"""What {{ cookiecutter.name }} offers. Names only, so that listing plugins stays quick."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import BrokerReg, hookimpl


@hookimpl
def mismartera_brokers() -> Iterable[BrokerReg]:
    """The broker; `suites` are what `mismartera plugins check` tests it by, at a fake venue."""
    return [
        BrokerReg(
            name="{{ cookiecutter.name }}",
            factory="{{ cookiecutter.name }}.broker:{{ cookiecutter.__class }}",
            config_model="{{ cookiecutter.name }}.config:{{ cookiecutter.__class }}Config",
            summary="{{ cookiecutter.__about }}",
            example={"url": "https://127.0.0.1:1", "events_url": "wss://127.0.0.1:1"},
            suites=("{{ cookiecutter.name }}.promises:Promises",),
        ),
    ]
