"""One number for everything that strategies were shown at a step."""

from __future__ import annotations

import hashlib
from array import array
from operator import is_
from typing import Any

from mismartera_core.store.frame import Frame, Need


class FrameDigest:
    """Makes digests of frames; it remembers what the needs of the run are called.

    Five hundred symbols with ten indicators each are some thousands of numbers a step, and orders
    wait for them: so numbers are gathered first and hashed at once.
    """

    def __init__(self) -> None:
        self._needs: list[Need] = []
        self._names = b""
        self._shown: tuple[Any, ...] = ()
        self._made = b""

    def of(self, frame: Frame) -> str:
        """Equal newest bars and equal newest indicator values, equal digest.

        Args:
            frame: After the processor has completed it.

        Returns:
            16 hexadecimal digits.
        """
        digest = hashlib.sha256(frame.upto_ns.to_bytes(8, "little"))
        digest.update(self._of_bars(frame))
        return digest.hexdigest()[:16]

    def _of_bars(self, frame: Frame) -> bytes:
        """Of a frame's bars and values; a frame of ticks or quotes shares them with the last."""
        values = frame.values
        shown = (values, frame.base, *frame.derived.values())
        same = len(shown) == len(self._shown) and all(map(is_, shown, self._shown))
        if not same or len(values) != len(self._needs):
            self._shown, self._made = shown, self._digested(frame)
        return self._made

    def _digested(self, frame: Frame) -> bytes:
        whole: list[int] = []
        real: list[float] = []
        for tracks in (frame.base, *frame.derived.values()):
            whole += [track.stop for track in tracks]
            newest = [(track.columns, track.stop - 1) for track in tracks if track.stop]
            whole += [columns.ts.item(row) for columns, row in newest]
            real += [columns.close.item(row) for columns, row in newest]
        real += [
            column.item(-1)
            for outputs in frame.values.values()
            for column in outputs.values()
            if len(column)
        ]
        digest = hashlib.sha256(array("q", whole).tobytes() + array("d", real).tobytes())
        digest.update(self._names_of(frame))
        return digest.digest()

    def _names_of(self, frame: Frame) -> bytes:
        """What the needs of a frame are called; they are the same ones in most."""
        needs = list(frame.values)
        if len(needs) != len(self._needs) or not all(map(is_, needs, self._needs)):
            named = (f"{n.symbol} {n.interval} {n.name} {n.params};" for n in needs)
            self._needs, self._names = needs, "".join(named).encode()
        return self._names
