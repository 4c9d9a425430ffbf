"""Orders, positions and cash of a run."""

from mismartera_core.managers.execution_manager.api import ExecutionManager

__all__ = ["ExecutionManager"]
