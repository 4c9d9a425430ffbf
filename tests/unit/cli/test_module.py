"""`python -m mismartera_core` is the command."""

import subprocess
import sys

from mismartera_core import __version__


def test_the_module_runs_as_the_command(tmp_path):
    words = [sys.executable, "-m", "mismartera_core", "--version"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert __version__ in done.stdout
