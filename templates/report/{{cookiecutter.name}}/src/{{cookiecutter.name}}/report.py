"""The report: what a finished run is turned into."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from mismartera_core import PluginContext, RunView


class {{ cookiecutter.__class }}:
    """Writes `{{ cookiecutter.name }}.json` into the run folder."""

    def __init__(self, config: None, context: PluginContext) -> None:
        pass

    def write(self, run: RunView, folder: Path) -> Sequence[Path]:
        """Write the file; `run` has summary, trades, fills, equity and more as DataFrames.

        Args:
            run: The finished run.
            folder: Its run folder.

        Returns:
            The files written.
        """
        facts = {"summary": dict(run.summary), "trades": len(run.trades)}
        file = folder / "{{ cookiecutter.name }}.json"
        file.write_text(json.dumps(facts, indent=2, default=str) + "\n", encoding="utf-8")
        return [file]
