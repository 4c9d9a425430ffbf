"""Locks of the operating system on files: freed when the file is closed, also by `kill -9`."""

from __future__ import annotations

import os
from typing import IO

if os.name == "nt":
    import msvcrt

    _FAR = 1 << 30
    """Where the locked byte lies: beyond the text, which others may so read."""

    def lock(file: IO[str], *, wait: bool) -> bool:
        """Lock a file; False where another process has it and `wait` is not set."""
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

    def lock(file: IO[str], *, wait: bool) -> bool:
        """Lock a file; False where another process has it and `wait` is not set."""
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            if wait:
                raise
            return False
        return True
