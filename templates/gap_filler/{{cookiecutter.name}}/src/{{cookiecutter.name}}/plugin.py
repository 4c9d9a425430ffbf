"""What {{ cookiecutter.name }} offers. Names only, so that listing plugins stays quick."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import GapFillerReg, hookimpl


@hookimpl
def mismartera_gap_fillers() -> Iterable[GapFillerReg]:
    """The gap filler."""
    return [
        GapFillerReg(
            name="{{ cookiecutter.name }}",
            factory="{{ cookiecutter.name }}.filler:{{ cookiecutter.__class }}",
            config_model="{{ cookiecutter.name }}.filler:{{ cookiecutter.__class }}Config",
            summary="{{ cookiecutter.__about }}",
            example={"provider": "sample"},
        ),
    ]
