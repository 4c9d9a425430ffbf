"""Gives a recording back, item by item, and says where a replay leaves its way."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, TypeVar

from mismartera_core.errors import MisMarteraError
from mismartera_core.repositories.recording import Recorded
from mismartera_core.repositories.recording_values import encode

T = TypeVar("T")


class Player:
    """Gives the items of a recording back, track by track, and fails where others are asked for.

    Args:
        items: The recording without its head.
    """

    def __init__(self, items: Iterable[Recorded]) -> None:
        self._tracks: dict[str, deque[Recorded]] = defaultdict(deque)
        for item in items:
            self._tracks[item.track].append(item)

    def take(self, track: str, kind: str, asked: Any, make: Callable[[], T]) -> T:
        """The next input of a track.

        Raises:
            ReplayDiffers: Something else was asked in the session.
        """
        del make
        found = self._next(track, kind, encode(asked))
        answer: T = found.answer()
        return answer

    def peek(self, track: str) -> Recorded | None:
        """The next item of a track, left where it is; None at the end."""
        items = self._tracks[track]
        return items[0] if items else None

    def pop(self, track: str) -> Recorded:
        """The next item of a track, whatever it is."""
        return self._tracks[track].popleft()

    def left(self) -> list[Recorded]:
        """What nobody took, in order."""
        return sorted(
            (i for items in self._tracks.values() for i in items), key=attrgetter("number")
        )

    def _next(self, track: str, kind: str, asked: Any) -> Recorded:
        items = self._tracks[track]
        if not items:
            raise RecordingEnded(
                f"the recording of {track} has ended, and the replay asks for {kind} "
                f"{_short(asked)}"
            )
        found = items.popleft()
        if (found.kind, _normal(found.asked)) != (kind, _normal(asked)):
            raise ReplayDiffers(
                f"line {found.number} of the recording: expected {found.kind} "
                f"{_short(found.asked)}, and the replay asks for {kind} {_short(asked)}"
                f"{_difference(found.asked, asked) if found.kind == kind else ''}"
            )
        return found


class ReplayDiffers(MisMarteraError):  # noqa: N818 - says what is the case
    """A replay has left the way of the session it replays."""


class RecordingEnded(ReplayDiffers):
    """A replay asks for more than was recorded; so does that of a session that was killed."""


def _normal(value: Any) -> str:
    """One text for equal values, NaN included."""
    return json.dumps(value, sort_keys=True)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:197]}..."


def _difference(recorded: Any, asked: Any, path: str = "") -> str:
    """The first place at which two JSON values differ, in words."""
    if isinstance(recorded, dict) and isinstance(asked, dict):
        for key in recorded.keys() | asked.keys():
            if _normal(recorded.get(key)) != _normal(asked.get(key)):
                return _difference(recorded.get(key), asked.get(key), f"{path}.{key}")
    if isinstance(recorded, list) and isinstance(asked, list) and len(recorded) == len(asked):
        for row, (one, other) in enumerate(zip(recorded, asked, strict=True)):
            if _normal(one) != _normal(other):
                return _difference(one, other, path if row == len(asked) - 1 else f"{path}[{row}]")
    return f": {path.lstrip('.') or 'it'} was {_short(recorded)}, is {_short(asked)}"
