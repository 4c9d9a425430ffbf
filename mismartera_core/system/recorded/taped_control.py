"""The state of risk behind a tape: other threads change it, and the engine must see the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Protocol, TypeVar

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.managers.execution_manager.surroundings import Surroundings
from mismartera_core.repositories.recording import Tape
from mismartera_core.system.recorded.taped import Taped
from mismartera_core.system.recorded.tracks import here

T = TypeVar("T")

_READ = ("record", "state", "sweep_due")
"""Attributes that the engine reads at every step."""


class ChangingTape(Tape, Protocol):
    """A tape that records changes only of what is read often."""

    def changing(self, kind: str, read: Callable[[], T]) -> Callable[[], T]:
        """Something that is read often and changes seldom."""


class TapedControl(Taped):
    """What the engine sees of a RiskControl; a kill switch uses the control itself.

    Args:
        tape: Records, or gives back.
        control: The RiskControl; None at a replay.

    Attributes:
        surroundings: What feed, venue and machine say, as the engine reads it.
    """

    def __init__(self, tape: ChangingTape, control: Any | None) -> None:
        readers = {name: tape.changing(f"risk.{name}", self._reader(name)) for name in _READ}
        self.__dict__["_readers"] = readers
        super().__init__(tape, "risk", control)
        around = None if control is None else control.surroundings
        self.surroundings = _TapedSurroundings(tape, around)

    @property
    def past_tape(self) -> Any:
        """The control itself, for whoever watches and is no part of the session."""
        return self._target

    def _reader(self, name: str) -> Callable[[], Any]:
        return lambda: getattr(self._target, name)

    def __getattr__(self, name: str) -> Any:
        reader = self.__dict__["_readers"].get(name)
        if reader is not None:
            return reader()

        def call(*args: Any, **kwargs: Any) -> Any:
            asked = [_named(arg) for arg in (*args, *kwargs.values())]
            target = self._target
            return self._tape.take(
                here(), f"risk.{name}", asked, lambda: getattr(target, name)(*args, **kwargs)
            )

        return call

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _READ:
            super().__setattr__(name, value)
        elif self._target is not None:
            setattr(self._target, name, value)


class _TapedSurroundings:
    """Surroundings that are read through a tape, and written through to those of the world."""

    def __init__(self, tape: ChangingTape, around: Surroundings | None) -> None:
        readers = {
            field.name: tape.changing(f"around.{field.name}", _reader(around, field.name))
            for field in fields(Surroundings)
        }
        self.__dict__.update(_readers=readers, _around=around)

    def __getattr__(self, name: str) -> Any:
        return self.__dict__["_readers"][name]()

    def __setattr__(self, name: str, value: Any) -> None:
        if self.__dict__["_around"] is not None:
            setattr(self.__dict__["_around"], name, value)


def _reader(around: Surroundings | None, name: str) -> Callable[[], Any]:
    return lambda: getattr(around, name)


def _named(value: Any) -> Any:
    """An order by its number: what else there is of it follows from the replay."""
    return value.id if isinstance(value, WorkingOrder) else value
