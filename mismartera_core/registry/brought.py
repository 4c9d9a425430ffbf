"""What the project's own distributions bring: said where a name belongs to one that is missing."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection
from pathlib import Path

NAMES = Path(__file__).with_name("brought.json")
"""By distribution and kind the names it offers; a test compares it with what they register."""

_CHECKOUT = Path(__file__).parents[2]


def missing(kind: str, name: str, installed: Collection[str]) -> str:
    """How to get what a distribution of this project brings, where that is not installed.

    Args:
        kind: A kind of plugin.
        name: What a config names.
        installed: Names of the distributions that bring plugins.

    Returns:
        "it comes with mismartera-alpaca, which is not installed: ..."; "" where none brings it, or
        the one that does is installed.
    """
    offers = json.loads(NAMES.read_text(encoding="utf-8"))
    for project, by_kind in offers.items():
        if name in by_kind.get(kind, ()) and project not in installed:
            return f"it comes with {project}, which is not installed: {_install(project)}"
    return ""


def _install(project: str) -> str:
    """What installs a distribution: from the checkout that the core runs from, where it does."""
    folder = f"plugins/{project.replace('-', '_')}"
    if (_CHECKOUT / folder / "pyproject.toml").is_file():
        return f"pip install {shlex.quote(str(_CHECKOUT / folder))}"
    return f"pip install ./mismartera/{folder}, where ./mismartera is a checkout of MisMartera"
