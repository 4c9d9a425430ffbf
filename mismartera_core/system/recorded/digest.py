"""One number for everything that strategies were shown at a step."""

from __future__ import annotations

import hashlib
from array import array

from mismartera_core.store.frame import Frame, Need


class FrameDigest:
    """Makes digests of frames; it remembers what the needs of the run are called.

    Five hundred symbols with ten indicators each are some thousands of numbers a step, and orders
    wait for them: so numbers are gathered first and hashed at once.
    """

    def __init__(self) -> None:
        self._named: dict[Need, bytes] = {}

    def of(self, frame: Frame) -> str:
        """Equal newest bars and equal newest indicator values, equal digest.

        Args:
            frame: After the processor has completed it.

        Returns:
            16 hexadecimal digits.
        """
        whole, real = array("q", (frame.upto_ns,)), array("d")
        for tracks in (frame.base, *frame.derived.values()):
            for columns, _, _, stop in tracks:
                whole.append(stop)
                if stop:
                    whole.append(columns.ts.item(stop - 1))
                    real.append(columns.close.item(stop - 1))
        for outputs in frame.values.values():
            for column in outputs.values():
                if len(column):
                    real.append(column.item(-1))
        digest = hashlib.sha256(whole.tobytes() + real.tobytes())
        digest.update(b"".join(map(self._name, frame.values)))
        return digest.hexdigest()[:16]

    def _name(self, need: Need) -> bytes:
        found = self._named.get(need)
        if found is None:
            text = f"{need.symbol} {need.interval} {need.name} {need.params};"
            found = self._named[need] = text.encode()
        return found
