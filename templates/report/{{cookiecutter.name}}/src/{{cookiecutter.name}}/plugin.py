"""What {{ cookiecutter.name }} offers. Names only, so that listing plugins stays quick."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import ReportReg, hookimpl


@hookimpl
def mismartera_reports() -> Iterable[ReportReg]:
    """The report."""
    return [
        ReportReg(
            name="{{ cookiecutter.name }}",
            factory="{{ cookiecutter.name }}.report:{{ cookiecutter.__class }}",
            summary="{{ cookiecutter.__about }}",
        ),
    ]
