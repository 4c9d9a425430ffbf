"""The templates of `mismartera new`, one for each kind of plugin and style of strategy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from mismartera_core import PluginError

_CORE = Path(__file__).parents[1]
_PLACES = (_CORE / "templates", _CORE.parent / "templates")
"""Where they are in an installed core, and in its repository."""


def folder(name: str) -> Path:
    """The folder of a built-in template.

    Args:
        name: Of the template, such as "strategy".

    Raises:
        PluginError: The installation lacks it.
    """
    for place in _PLACES:
        if (place / name / "cookiecutter.json").is_file():
            return place / name
    raise PluginError(
        f"expected the template {name!r} in {_PLACES[0]}, there is none",
        hint="reinstall mismartera-core",
    )


TEMPLATES: Mapping[str, tuple[str, str]] = {
    "broker": ("broker", "A simulated broker"),
    "cost_model": ("cost_model", "A commission"),
    "data_provider": ("data_provider", "A source of bars"),
    "gap_filler": ("gap_filler", "A second source for missing bars"),
    "indicator": ("indicator", "An indicator, and a strategy that trades it"),
    "portfolio_strategy": ("strategy", "A strategy over all symbols at once: target weights"),
    "report": ("report", "A file made of a finished run"),
    "risk_check": ("risk_check", "A limit on orders"),
    "signal_strategy": ("strategy", "A strategy as a function of columns, compiled"),
    "strategy": ("strategy", "A strategy for one symbol, bar by bar"),
    "template": ("template", "A template of your own"),
    "venue_broker": ("broker", "A broker of a venue, with a fake of the venue to test it at"),
}
"""Kind of plugin and summary of each template."""

FOLDERS: Mapping[str, Callable[[], Path]] = {name: partial(folder, name) for name in TEMPLATES}
"""What gives the folder of each template."""
