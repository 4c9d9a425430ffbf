"""Says where in a strategy's own code an error came from."""

from __future__ import annotations

import traceback
from pathlib import Path

_OURS = Path(__file__).parents[2]


def where_it_raised(error: BaseException) -> str:
    """The innermost frame outside the core, as "file:line in function: source"."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if not _within_core(f.filename)] or frames
    if not own:
        return ""
    last = own[-1]
    return f"{last.filename}:{last.lineno} in {last.name}: {last.line}"


def _within_core(filename: str) -> bool:
    return filename.startswith("<stepper") or _OURS in Path(filename).parents
