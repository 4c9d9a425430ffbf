"""What it costs until something shows: commands, the quickstart, compilation."""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.runner import Sample
from benchmarks.storage import child_json

ROOT = Path(__file__).parents[1]
COMMAND = str(Path(sys.executable).with_name("mismartera"))
QUICKSTART = ("run", str(ROOT / "session_configs/quickstart.json"), "--quiet")


def compile_bytecode() -> None:
    """As an installed package has it; site-packages were compiled by their first import."""
    compileall.compile_dir(str(ROOT / "mismartera_core"), quiet=2)
    compileall.compile_dir(str(ROOT / "plugins"), quiet=2)


def cpu_ms(folder: Path, *arguments: str) -> Callable[[], Sample]:
    """User and system time of the command in milliseconds; the elapsed time is in the note."""

    def run() -> Sample:
        return _call(folder, [COMMAND, *arguments])

    return run


def bare_python() -> Sample:
    """The floor: an interpreter that does nothing."""
    return _call(ROOT, [sys.executable, "-c", "pass"])


def cpu_ms_in_empty_folder(*arguments: str) -> Callable[[], Sample]:
    """As `cpu_ms`, with nothing there from an earlier run: no database, no calendar."""

    def run() -> Sample:
        with tempfile.TemporaryDirectory() as folder:
            return cpu_ms(Path(folder), *arguments)()

    return run


def compiled_once(cache: Path | None) -> Callable[[], Sample]:
    """Elapsed seconds of a fresh process's first compiled run; None for an empty cache."""

    def run() -> Sample:
        with tempfile.TemporaryDirectory() as empty:
            answer = child_json("benchmarks.run_compiled_once", NUMBA_CACHE_DIR=str(cache or empty))
        return Sample(answer["seconds"])

    return run


def _call(folder: Path, command: list[str]) -> Sample:
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(command, cwd=folder, env=variables, stdout=output, stderr=output)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        elapsed = time.perf_counter() - start
        if child.returncode:
            output.seek(0)
            message = " ".join(output.read().decode(errors="replace").split())
            raise RuntimeError(f"exit code {child.returncode}: {message[-300:]}")
    cpu = usage.ru_utime + usage.ru_stime
    return Sample(cpu * 1e3, note=f"elapsed {elapsed * 1e3:.0f} ms")
