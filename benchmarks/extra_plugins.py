"""Plugins that are installed and not used: what they cost on the path of a bar."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.runner import Sample

_MODULE = """
from mismartera_core import IndicatorReg, StrategyReg, hookimpl

@hookimpl
def mismartera_strategies():
    return [StrategyReg(name="{name}", factory="{name}:Nothing", summary="Unused")]

@hookimpl
def mismartera_indicators():
    return [
        IndicatorReg(name="{name}", category="trend", factory="{name}:nothing", summary="Unused")
    ]
"""


def beside(count: int, folder: Path, run: Callable[[], Sample]) -> Callable[[], Sample]:
    """A contender that runs with so many plugins more than are installed.

    Args:
        count: Of plugins; each offers a strategy and an indicator.
        folder: Where they are made.
        run: The contender.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        _install(folder, f"extra_{number:02}")

    def run_beside() -> Sample:
        sys.path.insert(0, str(folder))
        importlib.invalidate_caches()
        try:
            return run()
        finally:
            sys.path.remove(str(folder))

    return run_beside


def _install(site: Path, name: str) -> None:
    """A module and the metadata that an installer would have written."""
    (site / f"{name}.py").write_text(_MODULE.format(name=name), encoding="utf-8")
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    headers = ("Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0")
    headers += ("Requires-Dist: mismartera-core>=0.1,<2",)
    (info / "METADATA").write_text("\n".join(headers) + "\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[mismartera]\n{name} = {name}\n", encoding="utf-8")
