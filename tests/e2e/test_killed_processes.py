"""A trading process is killed, and begins again: nothing is lost and nothing doubled."""

import re
import subprocess
import sys

import pytest

from mismartera_core.testing.kill_files import KillFiles, check
from mismartera_core.testing.torn import torn


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_kill_9_at_write_points_of_the_order_path():
    """Every fifth of them; the command without `--every` takes all."""
    words = [sys.executable, "-m", "mismartera_core.testing.kill_matrix", "--every", "5"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=540, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = done.stdout.splitlines()[0]
    assert "0 failed" in summary
    assert int(summary.split(" names, ")[1].split()[0]) >= 40


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_writes_that_were_not_synced_may_be_lost():
    """Every twelfth state of the disk, one at least of each commit."""
    words = [sys.executable, "-m", "mismartera_core.testing.lost_writes", "--every", "12"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=540, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    commits, states, checkpoints, failed = map(int, re.findall(r"\d+", done.stdout)[:4])
    assert (commits >= 40, states >= 20, checkpoints >= 1, failed) == (True, True, True, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_kill_9_at_write_points_beside_the_order_path(tmp_path):
    matrix = KillFiles(tmp_path)
    matrix.run()
    assert matrix.failed == {}
    assert {"migration.written", "lease.locked", "risk.json.renamed", "KILL.PA1.synced"} <= set(
        matrix.points
    )
    assert matrix.cases > 2 * len(matrix.points)


def test_what_is_found_lost_is_told(tmp_path):
    KillFiles(tmp_path)
    folder, done = tmp_path / "whole", ["strategy 2", "risk 2", "kill"]
    assert check(folder, done) == ""
    assert "strategy 5 was kept, found 2" in check(folder, ["strategy 5"])
    (folder / "KILL.PA1").unlink()
    assert "the kill file was written, found None" in check(folder, done)


@pytest.mark.parametrize(("before", "after"), [(b"", b"x" * 1300), (b"a" * 2000, b"b" * 2500)])
def test_states_of_a_file_are_between_what_was_and_what_is(before, after):
    contents = [content for _, content in torn(before, after, 1)]
    assert contents[0] == before
    assert len(set(contents)) >= 4
    for content in contents:
        for at, byte in enumerate(content):
            assert byte in (before[at : at + 1] or b"\0") + (after[at : at + 1] or b"\0")
