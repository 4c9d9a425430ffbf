"""Locks of the operating system on files: freed when the file is closed, also by `kill -9`."""

from __future__ import annotations

import os
from typing import IO

if os.name == "nt":
    import msvcrt

    _FAR = 1 << 30
    """Where the locked byte lies: beyond the text, which others may so read."""

    def lock(file: IO[str], *, wait: bool, shared: bool = False) -> bool:
        """Lock a file; False where another process has it and `wait` is not set.

        Args:
            file: An open file.
            wait: Wait until nobody else has it.
            shared: Others may share the lock; not known here, they wait for each other.
        """
        del shared
        while True:
            file.seek(_FAR)
            try:
                msvcrt.locking(  # type: ignore[attr-defined]
                    file.fileno(),
                    msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK,  # type: ignore[attr-defined]
                    1,
                )
            except OSError:  # LK_LOCK gives up after ten seconds
                if wait:
                    continue
                return False
            return True

else:
    import fcntl

    def lock(file: IO[str], *, wait: bool, shared: bool = False) -> bool:
        """Lock a file; False where another process has it and `wait` is not set.

        Args:
            file: An open file.
            wait: Wait until nobody else has it.
            shared: Others may share the lock.
        """
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(file.fileno(), kind | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            if wait:
                raise
            return False
        return True
