"""`kill -9` at every write point: a process trades, is killed, and begins again.

    python -m mismartera_core.testing.kill_matrix

The venue lives in this process and goes on. For each crash point that the trading passes, in turn,
a process is forked that kills itself there; a second one is killed somewhere in its recovery, and a
third trades to the end. Then nothing may be lost and nothing doubled.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mismartera_core.contracts.crashpoints import on_crashpoint
from mismartera_core.repositories.database import Database, open_database
from mismartera_core.repositories.journal import OrderJournal
from mismartera_core.testing.desk_rig import SECOND, START_NS, DeskRig
from mismartera_core.testing.kill_script import VenueActs, trade, working
from mismartera_core.testing.piped_venue import PipedVenue, serve
from mismartera_core.testing.scripted_venue import ScriptedVenue

FILES = ("", "-wal")
"""Endings of the files that hold a database; all others are made anew."""


class KillMatrix:
    """Kills processes that trade.

    Args:
        folder: Where journals are put.

    Attributes:
        points: Names of the crash points that an undisturbed process passes, in order.
        killed: How often a process was killed, by the name of the point.
        dropped: Orders that had not left when their process was killed.
        failed: What was wrong, by case.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._torn: Callable[[Path], None] | None = None
        self._empty = folder / "empty.db"
        open_database(f"sqlite:///{self._empty}").close()
        self.points: list[str] = []
        self.killed: Counter[str] = Counter()
        self.dropped = 0
        self.failed: dict[str, str] = {}
        self.whole = self._case("undisturbed", [])
        self.points = list(self.whole["points"])

    def run(self, every: int = 1, first: int = 1) -> None:
        """Kill at every crash point.

        Args:
            every: Take every so manieth only.
            first: The point to begin with.
        """
        for number in range(first, len(self.points) + 1, every):
            name = f"{number} {self.points[number - 1]}"
            try:
                self._case(name, [number, number % 11 + 1])
            except AssertionError as error:
                self.failed[name] = str(error)

    def told(self) -> Iterator[str]:
        """What came of it, line by line."""
        names, killed = len(set(self.points)), sum(self.killed.values())
        yield (
            f"{len(self.points)} crash points of {names} names, {killed} processes killed, "
            f"{len(self.failed)} failed, {self.dropped} orders had not left"
        )
        for name, times in sorted(self.killed.items()):
            yield f"  {name}: {times}"
        for name, why in self.failed.items():
            yield f"killed at {name}: {why}"

    def _case(self, name: str, kills: list[int]) -> dict[str, Any]:
        """Trade with a kill at that many points of each process in turn, then to the end."""
        path = self._folder / "journal.db"
        for leftover in self._folder.glob("journal.db*"):
            leftover.unlink()
        shutil.copy(self._empty, path)
        clock = count(START_NS, SECOND // 1000)
        venue = ScriptedVenue(lambda: next(clock))
        acts = VenueActs(venue)
        for kill in kills:
            report = self._process(path, venue, acts, kill)
            if report is not None:  # it had fewer points than that
                break
            if self._torn is not None:
                self._torn(path)
        report = self._process(path, venue, acts, 0)
        _must(report is not None, "the last process was killed")
        assert report is not None  # noqa: S101 - just seen
        self._check(path, venue, report)
        del name
        return report

    def _process(
        self, path: Path, venue: ScriptedVenue, acts: VenueActs, kill: int
    ) -> dict[str, Any] | None:
        """One process; None where it was killed."""
        here, there = Pipe()
        child = os.fork()
        if child == 0:
            here.close()
            _child(there, path, venue, kill, before_commits=self._torn is not None)
        there.close()
        report: dict[str, Any] | None = serve(here, venue, acts.act)
        _, status = os.waitpid(child, 0)
        here.close()
        if report is None:
            _must(os.WIFSIGNALED(status), f"the process ended by itself with {status}")
            self.killed[_last_point(path)] += 1
        return report

    def _check(self, path: Path, venue: ScriptedVenue, report: dict[str, Any]) -> None:
        ours = [o for o in venue.orders.values() if o.client_id.startswith("mm-")]
        doubled = [i for i, n in Counter(o.client_id for o in ours).items() if n > 1]
        _must(not doubled, f"more than one order for {doubled}")
        sent = Counter(terms.client_id for terms in venue.sent)
        changed = Counter(terms.client_id for terms in venue.changed)
        _must(max(changed.values(), default=0) <= 1, f"changed more than once: {changed}")
        _must(max(sent.values()) <= 2, f"sent more than twice: {sent}")
        database = open_database(f"sqlite:///{path}")
        journal = OrderJournal(database, "PA1", "run")
        try:
            booked = [b.execution.execution_id for b in journal.executions()]
            _must(sorted(booked) == sorted(e.execution_id for e in venue.booked), "executions")
            lives = journal.orders_since(0)
            unknown = {o.client_id for o in ours} - {i for o in lives for i in o.client_ids}
            _must(not unknown, f"the journal does not know of {unknown}")
            self.dropped += sum(
                any(e.kind.value == "not_sent" for e in o.events) for o in lives if o.intent.terms
            )
        finally:
            database.close()
        held = {s: q for s, q in venue.held.items() if q}
        _must(report["units"] == held, f"holds {report['units']}, at the venue {held}")
        _must(report["cash"] == venue.account().cash, f"cash {report['cash']}")
        there = sorted(f"{o.limit_price or math.nan:g}" for o in venue.working())
        _must(report["working"] == there, f"works {report['working']}, at the venue {there}")
        _must(not report["verdicts"], f"halted: {report['verdicts']}")


def _child(
    pipe: Connection, path: Path, venue: ScriptedVenue, kill: int, *, before_commits: bool
) -> None:
    """Trade, and kill this process at a crash point; never returns."""
    points: list[str] = []

    def hook(name: str) -> None:
        points.append(name)
        if len(points) == kill:
            path.with_suffix(".point").write_text(name)
            os.kill(os.getpid(), signal.SIGKILL)
        if before_commits and name.endswith(".written"):
            keep_before(path)

    code = 1
    try:
        database = open_database(f"sqlite:///{path}")
        if before_commits:
            checkpoint_often(database)
        on_crashpoint(hook)
        piped = PipedVenue(pipe, venue.capabilities)
        rig = DeskRig(database, piped).begin()
        trade(rig, piped)
        report = {
            "units": rig.engine.units(),
            "cash": rig.cash,
            "working": sorted(f"{order.limit:g}" for order in working(rig)),
            "verdicts": [v.reason for v in rig.verdicts],
            "points": points,
        }
        pipe.send(("report", (report,)))
        code = 0
    finally:
        os._exit(code)


def written(path: Path, ending: str) -> bytes:
    """What a file of a database holds now."""
    file = path.with_name(path.name + ending)
    return file.read_bytes() if file.exists() else b""


def keep_before(path: Path) -> None:
    """Keep what the files of a database hold before a commit."""
    for ending in FILES:
        path.with_suffix(f".before{ending}").write_bytes(written(path, ending))


def checkpoint_often(database: Database) -> None:
    """Have SQLite move its log into the database after every few pages, as it does after many."""
    database.engine.dispose()
    sa.event.listen(
        database.engine,
        "connect",
        lambda connection, _record: connection.execute("PRAGMA wal_autocheckpoint = 6"),
    )


def _last_point(path: Path) -> str:
    return path.with_suffix(".point").read_text()


def _must(so: bool, words: str) -> None:
    if not so:
        raise AssertionError(words)


def main(words: list[str] | None = None, kind: type[KillMatrix] = KillMatrix) -> int:
    """Run the matrix, and say what failed.

    Args:
        words: Command line; that of the process where left out.
        kind: What is done at the crash points.

    Returns:
        The exit code: 1 where something was lost or doubled.
    """
    parser = argparse.ArgumentParser(description=(kind.__doc__ or "").partition("\n")[0])
    parser.add_argument("--every", type=int, default=1)
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        matrix = kind(Path(folder))
        matrix.run(asked.every)
    sys.stdout.writelines(f"{line}\n" for line in matrix.told())
    return 1 if matrix.failed else 0


if __name__ == "__main__":
    sys.exit(main())
