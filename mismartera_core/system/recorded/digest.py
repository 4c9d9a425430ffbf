"""One number for everything that strategies were shown at a step."""

from __future__ import annotations

import hashlib
import struct

from mismartera_core.store.frame import Frame


def frame_digest(frame: Frame) -> str:
    """Equal newest bars and equal newest indicator values, equal digest.

    Args:
        frame: After the processor has completed it.

    Returns:
        16 hexadecimal digits.
    """
    digest = hashlib.sha256(struct.pack("<q", frame.upto_ns))
    for track in (*frame.base, *(t for tracks in frame.derived.values() for t in tracks)):
        row = track.stop - 1
        if row >= 0:
            bars = track.columns
            digest.update(struct.pack("<qqd", row, int(bars.ts[row]), float(bars.close[row])))
    for need, outputs in frame.values.items():
        digest.update(f"{need.symbol} {need.interval} {need.name} {need.params}".encode())
        for name, column in outputs.items():
            digest.update(name.encode() + column[-1:].tobytes())
    return digest.hexdigest()[:16]
