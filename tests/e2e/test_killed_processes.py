"""A trading process is killed, and begins again: nothing is lost and nothing doubled."""

import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_kill_9_at_write_points_of_the_order_path():
    """Every fifth of them; the command without `--every` takes all."""
    words = [sys.executable, "-m", "mismartera_core.testing.kill_matrix", "--every", "5"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=540, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = done.stdout.splitlines()[0]
    assert "0 failed" in summary
    assert int(summary.split(" names, ")[1].split()[0]) >= 40
