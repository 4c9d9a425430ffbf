"""Says whose error it was, when, and where in a strategy's own code it came from."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path

from mismartera_core.errors import MisMarteraError, StrategyError
from mismartera_core.model.market import from_ns

_OURS = Path(__file__).parents[2]

RAISED = (Exception, SystemExit)
"""What a strategy is blamed for: `sys.exit` must not end the program as if all were well."""


def blame(error: BaseException, label: str, now_ns: int, zone: tzinfo) -> StrategyError:
    """The error of a strategy, for its author.

    Args:
        error: What it raised.
        label: Strategy and symbol.
        now_ns: The clock.
        zone: The exchange's zone.
    """
    at = from_ns(now_ns, zone).isoformat()
    text = f"{label} raised {type(error).__name__} at {at}: {error}"
    return StrategyError(text, hint=f"look at {where_it_raised(error)}")


@contextmanager
def blamed_for(label: str, what: str) -> Iterator[None]:
    """Blame a strategy for what it raises within the block, which belongs to no instant.

    Args:
        label: Strategy and symbol.
        what: What it was about: "in setup".

    Raises:
        StrategyError: It raised.
    """
    try:
        yield
    except MisMarteraError:
        raise
    except RAISED as error:
        text = f"{label} raised {type(error).__name__} {what}: {error}"
        raise StrategyError(text, hint=f"look at {where_it_raised(error)}") from error


def where_it_raised(error: BaseException) -> str:
    """The innermost frame outside the core, as "file:line in function: source"."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if not _within_core(f.filename)] or frames
    if not own:
        return "its code"
    last = own[-1]
    return f"{last.filename}:{last.lineno} in {last.name}: {last.line}"


def _within_core(filename: str) -> bool:
    return filename.startswith("<stepper") or _OURS in Path(filename).parents
