"""Reports: what a finished run is turned into."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mismartera_core.system.run import Run


class Report(Protocol):
    """Writes a run to files."""

    def write(self, run: Run, folder: Path) -> Sequence[Path]:
        """Write into the run folder.

        Args:
            run: The finished run: `.summary`, `.equity`, `.trades`, `.orders`, `.fills`, `.signals`.
            folder: An existing folder.

        Returns:
            The files written.
        """
