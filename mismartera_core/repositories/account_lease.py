"""One process per account: a lock of the operating system, freed also by `kill -9`."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import IO

from mismartera_core.contracts.crashpoints import crashpoint
from mismartera_core.errors import BrokerError
from mismartera_core.repositories.file_lock import lock


class AccountLease:
    """The right to trade an account, held until released or until the process ends.

    Args:
        folder: Where locks lie, such as `runtime/locks`.
        account: The account.
        run: The run that trades; named to whoever comes second.

    Raises:
        BrokerError: Another process trades this account.
    """

    def __init__(self, folder: Path, account: str, run: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', account)}.lock"
        self._file: IO[str] | None = self.path.open("a+", encoding="utf-8")
        if not lock(self._file, wait=False):
            holder = _holder(self._file)
            self._file.close()
            raise BrokerError(
                f"account {account} is traded by another process already: {holder}",
                hint="stop that one first; two would send every order twice",
            )
        crashpoint("lease.locked")
        self._file.seek(0)
        self._file.truncate()
        crashpoint("lease.emptied")
        json.dump({"pid": os.getpid(), "run": run}, self._file)
        self._file.flush()
        crashpoint("lease.written")

    def release(self) -> None:
        """Let another process trade the account; may be called twice."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _holder(file: IO[str]) -> str:
    """Who has the lock, in words."""
    file.seek(0)
    try:
        said = json.loads(file.read())
        return f"process {said['pid']}, run {said['run']}"
    except (ValueError, KeyError, TypeError):
        return "it has not yet said which"
