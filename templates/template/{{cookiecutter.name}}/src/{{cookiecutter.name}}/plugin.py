"""What {{ cookiecutter.name }} offers. Names only, so that listing plugins stays quick."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import TemplateReg, hookimpl


@hookimpl
def mismartera_templates() -> Iterable[TemplateReg]:
    """The template, of a strategy."""
    return [
        TemplateReg(
            name="{{ cookiecutter.name }}",
            kind="strategy",
            factory="{{ cookiecutter.name }}.folder:folder",
            summary="{{ cookiecutter.__about }}",
        ),
    ]
