"""Which indicators had a value: one that never had is said in the notes of the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from mismartera_core.model.columns import FloatArray
from mismartera_core.store.frame import ManyOutputs, Need, Needs, Outputs

Params = tuple[tuple[str, object], ...]
Arrays = Iterable[FloatArray | Sequence[FloatArray]]
_Key = tuple[str, str, str, Params]
"""Strategy, interval, name and parameters: whatever the symbol."""


class Valued:
    """Follows the indicators of a run until each had a value for a symbol.

    Only those that had none so far are looked at.
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, Need | Needs], None] = {}
        self._looked: dict[_Key, bool] = {}

    def ask(self, strategy: str, need: Need | Needs) -> None:
        """A strategy asks for an indicator."""
        self._waiting[strategy, need] = None

    def look(self, values: Mapping[Need, Outputs], many: Mapping[Needs, ManyOutputs]) -> None:
        """Look at what was asked for, when a session has ended.

        Args:
            values: What was computed in this session.
            many: The same over many symbols.
        """
        for strategy, need in list(self._waiting):
            _, interval, name, params = need
            made = many.get(need) if isinstance(need, Needs) else values.get(need)
            if made is not None:
                self.take(strategy, interval, name, params, made.values())
            if self._has(strategy, interval, name, params):
                del self._waiting[strategy, need]

    def take(self, strategy: str, interval: str, name: str, params: Params, arrays: Arrays) -> None:
        """Look at the outputs of one indicator."""
        if not self._has(strategy, interval, name, params):
            had = any(_has_value(array) for output in arrays for array in _each(output))
            self._looked[strategy, interval, name, params] = had

    def notes(self, base: str) -> tuple[str, ...]:
        """A sentence for each that never had a value.

        Args:
            base: The base interval, which goes without saying.
        """
        return tuple(
            f"indicator {name}({', '.join(f'{key}={value}' for key, value in params)})"
            f"{'' if interval == base else f' on {interval} bars'} of {strategy!r} "
            "never had a value"
            for (strategy, interval, name, params), had in self._looked.items()
            if not had
        )

    def _has(self, strategy: str, interval: str, name: str, params: Params) -> bool:
        return self._looked.get((strategy, interval, name, params), False)


def _has_value(array: FloatArray) -> bool:
    """Whether something in it is a number; the newest row, asked first, nearly always is."""
    return any(not np.isnan(rows).all() for rows in (array[..., -1:], array))


def _each(output: FloatArray | Sequence[FloatArray]) -> Iterable[FloatArray]:
    """The arrays of an output: one, or one a symbol."""
    return (output,) if isinstance(output, np.ndarray) else output
