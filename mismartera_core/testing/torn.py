"""What may be on the disk of a file that was being written when the power went."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

SECTOR = 512
"""Bytes that a disk writes as one."""


def torn(before: bytes, after: bytes, seed: int) -> Iterator[tuple[str, bytes]]:
    """Contents between two that were synced, of which the second was not: any part may be there.

    Args:
        before: What was there for certain.
        after: What had been written when the power went.
        seed: Chooses sectors.

    Yields:
        Words, and a content: the first changes in order up to some sector, with the file cut off
        there; or some of them in no order, with zeros for what is missing.
    """
    size = max(len(before), len(after))
    old, new = before.ljust(size, b"\0"), after.ljust(size, b"\0")
    cuts = range(0, size, SECTOR)
    changed = [at for at in cuts if old[at : at + SECTOR] != new[at : at + SECTOR]]
    count = len(changed)
    for kept in sorted({0, min(1, count), count // 2, max(count - 1, 0)}):
        made = _with(old, new, changed[:kept])
        end = max(len(before), changed[kept - 1] + SECTOR if kept else 0)
        yield f"{kept} of {count} sectors", made[: min(end, size)]
    if count:
        last = changed[-1]
        yield "all but a byte", _with(old, new, changed[:-1])[:last] + new[last : len(after) - 1]
    dice = Random(seed)  # noqa: S311 - not a secret
    for _ in range(2):
        some = [at for at in changed if dice.random() < 0.5]
        if some and len(some) < count:
            yield f"{len(some)} of {count} sectors in no order", _with(old, new, some)


def _with(old: bytes, new: bytes, sectors: list[int]) -> bytes:
    made = bytearray(old)
    for at in sectors:
        made[at : at + SECTOR] = new[at : at + SECTOR]
    return bytes(made)
