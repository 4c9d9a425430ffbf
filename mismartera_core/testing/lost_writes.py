"""The power goes while the journal is written: what was not synced is lost, in part or all of it.

    python -m mismartera_core.testing.lost_writes

`kill -9` leaves what a process has written to the system, so it cannot show whether anything was
synced. Here the process is killed right after each commit, and its files are put into every state
that a crash within the commit may have left: SQLite syncs its log, then (at a checkpoint) the
database. A second process trades to the end. Then nothing may be lost and nothing doubled.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from mismartera_core.testing.kill_matrix import FILES, KillMatrix, main, written
from mismartera_core.testing.torn import torn

COMMITTED = ".committed"


class LostWrites(KillMatrix):
    """Loses what was written at each commit and not synced.

    Attributes:
        states: How many states of the disk there were.
        checkpoints: In how many of them the database itself was being written.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.states = 0
        self.checkpoints = 0

    def run(self, every: int = 1, first: int = 1) -> None:
        """Lose writes at every commit.

        Args:
            every: Take every so manieth state only; of each commit at least one.
            first: The point to begin with.
        """
        for number in range(first, len(self.points) + 1):
            if self.points[number - 1].endswith(COMMITTED):
                which = number % every
                ways = which + 1
                while which < ways:
                    ways = self._lose(number, which)
                    which += every

    def told(self) -> Iterator[str]:
        """What came of it, line by line."""
        commits = sum(point.endswith(COMMITTED) for point in self.points)
        yield (
            f"{commits} commits, {self.states} states of the disk, "
            f"{self.checkpoints} within a checkpoint, {len(self.failed)} failed"
        )
        for name, why in self.failed.items():
            yield f"lost at {name}: {why}"

    def _lose(self, number: int, which: int) -> int:
        """One state of the disk after a commit; returns how many there are."""
        found: list[str] = []

        def lose(path: Path) -> None:
            ways = states(path, number)
            found.extend(words for words, _ in ways)
            leave(path, ways[which % len(ways)][1])

        self._torn = lose
        try:
            self._case("", [number])
        except AssertionError as error:
            self.failed[f"{self.points[number - 1]} {number}, {found[which % len(found)]}"] = str(
                error
            )
        self._torn = None
        self.states += 1
        self.checkpoints += found[which % len(found)].startswith("database")
        return len(found)


def states(path: Path, seed: int) -> list[tuple[str, dict[str, bytes]]]:
    """In what states a crash within the last commit may have left the files of a database.

    Args:
        path: The database; `keep_before` has kept what there was before the commit.
        seed: Chooses what is lost.

    Returns:
        Words, and the contents of its files by their endings.
    """
    before = {e: path.with_suffix(f".before{e}").read_bytes() for e in FILES}
    after = {e: written(path, e) for e in FILES}
    found = [
        (f"log: {words}", {"": before[""], "-wal": content})
        for words, content in torn(before["-wal"], after["-wal"], seed)
    ]
    if before[""] != after[""]:
        found += [
            (f"database: {words}", {"": content, "-wal": after["-wal"]})
            for words, content in torn(before[""], after[""], seed)
        ]
    return found


def leave(path: Path, contents: dict[str, bytes]) -> None:
    """Put the files of a database into a state; what SQLite shares among processes is gone."""
    for ending, content in contents.items():
        path.with_name(path.name + ending).write_bytes(content)
    path.with_name(path.name + "-shm").unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(kind=LostWrites))
