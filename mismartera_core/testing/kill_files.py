"""`kill -9` at every write point beside the order path, and files that were not synced.

    python -m mismartera_core.testing.kill_files

A process makes the database, takes the lease of an account, keeps states of strategies and of risk,
and leaves words in the account's files. It is killed at each crash point in turn; files that it had
not synced are lost in part, and a rename is undone whose folder was not synced. Then whoever reads
finds the old or the new, never neither; and what a call had returned from is the new one.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from mismartera_core.contracts.crashpoints import on_crashpoint
from mismartera_core.model.risk import RiskRecord, RiskState
from mismartera_core.repositories.account_lease import AccountLease
from mismartera_core.repositories.database import HEAD_REVISION, open_database, stored_revision
from mismartera_core.repositories.journal_states import StateStore
from mismartera_core.repositories.live_files import HALT, Heartbeat, KillOrder, LiveFiles
from mismartera_core.testing.kill_matrix import keep_before
from mismartera_core.testing.lost_writes import leave, states
from mismartera_core.testing.torn import torn

ACCOUNT = "PA1"
JOURNAL = "journal.db"
STATES = (RiskState.REDUCING, RiskState.HALTED, RiskState.ACTIVE)
"""States of risk that the process keeps, one after the other."""
DATABASE = ("migration", "strategy_state")
"""What is written into the database; all else is a file of its own."""


def write(folder: Path, done: Callable[[str], None]) -> None:
    """Write everything there is beside orders.

    Args:
        folder: Where.
        done: Told what is durable now.
    """
    with closing(open_database(_url(folder))) as database:
        done("database")
        AccountLease(folder / "locks", ACCOUNT, "run")
        files, kept = LiveFiles(folder, ACCOUNT), StateStore(database)
        for number, state in enumerate(STATES):
            kept.save_strategy_state(ACCOUNT, "one", "X", {"number": number}, number)
            done(f"strategy {number}")
            files.save_risk_state(RiskRecord(state=state, reason=str(number)))
            done(f"risk {number}")
        files.beat(Heartbeat(os.getpid(), 1, 1))
        files.kill(KillOrder(HALT, "a human"))
        done("kill")


def check(folder: Path, done: list[str]) -> str:
    """What is wrong with what a killed process has left; "" where nothing is.

    Args:
        folder: Where it wrote.
        done: What it had said to be durable.
    """
    AccountLease(folder / "locks", ACCOUNT, "the next").release()
    with closing(open_database(_url(folder))) as database:
        if stored_revision(database.engine) != HEAD_REVISION:
            return "the database is not at its newest revision"
        kept = StateStore(database).load_strategy_state(ACCOUNT, "one", "X") or {"number": -1}
    files = LiveFiles(folder, ACCOUNT)
    risk = files.load_risk_state()
    found = {"strategy": int(kept["number"]), "risk": -1 if risk is None else _number(risk)}
    for what, number in found.items():
        last = max((int(d.split()[1]) for d in done if d.startswith(what)), default=-1)
        if number not in (last, last + 1):
            return f"{what} {last} was kept, found {number}"
    killed = files.killed()
    if "kill" in done and (killed is None or killed.reason != "a human"):
        return f"the kill file was written, found {killed}"
    files.heartbeat()  # is there, or not: to read it must not fail
    return ""


def _number(record: RiskRecord) -> int:
    """Which state was kept; that of a file that cannot be read is none."""
    return int(record.reason) if record.reason.isdigit() else -9


class KillFiles:
    """Kills the process at each of its crash points, with each loss.

    Args:
        folder: Where it writes.

    Attributes:
        points: Names of the crash points, in order.
        cases: How many processes were killed.
        failed: What was wrong, by case.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.points: list[str] = []
        self.cases = 0
        self.failed: dict[str, str] = {}
        self._count = folder / "points"
        self._process(folder / "whole", 0)
        self.points = self._count.read_text().splitlines()

    def run(self) -> None:
        """Kill at every crash point, and lose what was not synced in every way."""
        for number, name in enumerate(self.points, start=1):
            which, ways = -1, 0  # at first nothing is lost
            while which < ways:
                folder = self._folder / f"{number} {which}"
                done = self._process(folder, number)
                losses = _losses(folder, name, number)
                ways = len(losses)
                if 0 <= which < ways:
                    losses[which]()
                if which < ways:
                    self.cases += 1
                    wrong = check(folder, done)
                    if wrong:
                        self.failed[f"{name} {number}, loss {which}"] = wrong
                which += 1

    def _process(self, folder: Path, kill: int) -> list[str]:
        """Write in a process of its own until it is killed; what it said to be durable."""
        folder.mkdir()
        said = folder / "done"
        said.touch()
        child = os.fork()
        if child == 0:
            _child(folder, said, self._count, kill)
        os.waitpid(child, 0)
        return said.read_text().splitlines()


def _child(folder: Path, said: Path, count: Path, kill: int) -> None:
    """Write, and die at a crash point; never returns."""
    points: list[str] = []

    def hook(name: str) -> None:
        points.append(name)
        if len(points) == kill:
            os.kill(os.getpid(), signal.SIGKILL)
        what, _, point = name.rpartition(".")
        target = _place(folder, what) / what
        if point == "synced" and target.exists():
            (folder / f"before {what}").write_bytes(target.read_bytes())
        if point == "written" and what in DATABASE:
            keep_before(folder / JOURNAL)

    def done(what: str) -> None:
        with said.open("a") as out:
            out.write(f"{what}\n")

    code = 1
    try:
        on_crashpoint(hook)
        write(folder, done)
        if not kill:
            count.write_text("\n".join(points))
        code = 0
    finally:
        os._exit(code)


def _losses(folder: Path, name: str, seed: int) -> list[Callable[[], object]]:
    """What a killed process may have lost, as what makes it so."""
    what, _, point = name.rpartition(".")
    if what in DATABASE and point == "committed":
        path = folder / JOURNAL
        return [partial(leave, path, contents) for _, contents in states(path, seed)]
    place = _place(folder, what)
    target, before = place / what, folder / f"before {what}"
    if point == "renamed" and target.exists():
        undo = partial(before.replace, target) if before.exists() else target.unlink
        lasts = what != "heartbeat.json"  # which is not synced, so that it may be there in part
        return [undo] if lasts else [undo, *_parts(target, seed)]
    made = list(place.glob(".*.tmp")) if point == "written" else []
    return [part for path in made for part in _parts(path, seed)]


def _place(folder: Path, what: str) -> Path:
    """The folder of a file; kill files lie where humans find them."""
    return folder if what.startswith("KILL") else folder / "live" / ACCOUNT


def _parts(path: Path, seed: int) -> list[Callable[[], object]]:
    return [partial(path.write_bytes, some) for _, some in torn(b"", path.read_bytes(), seed)]


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / JOURNAL}"


def main() -> int:
    """Kill at every point, and say what failed.

    Returns:
        The exit code: 1 where something was lost.
    """
    with tempfile.TemporaryDirectory() as folder:
        matrix = KillFiles(Path(folder))
        matrix.run()
    out = sys.stdout.write
    out(f"{len(matrix.points)} crash points of {len(set(matrix.points))} names, ")
    out(f"{matrix.cases} processes killed, {len(matrix.failed)} failed\n")
    for name, times in sorted(Counter(matrix.points).items()):
        out(f"  {name}: {times}\n")
    for name, why in matrix.failed.items():
        out(f"killed at {name}: {why}\n")
    return 1 if matrix.failed else 0


if __name__ == "__main__":
    sys.exit(main())
