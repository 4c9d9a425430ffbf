"""Runs the tests that a plugin's project has, in a Python of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mismartera_core.errors import PluginError

if TYPE_CHECKING:
    import pytest

    from mismartera_core.cli.plugins_project import Project

_ANSWER = "MISMARTERA_TESTS_ANSWER"
_OUTCOMES: list[dict[str, str]] = []


def own_tests(project: Project) -> list[dict[str, str]]:
    """Run a project's tests.

    Args:
        project: As if it were installed.

    Returns:
        Name, outcome and message of every test; nothing where it has no folder `tests`.

    Raises:
        PluginError: Its tests could not be run.
    """
    if not (project.folder / "tests").is_dir():
        return []
    with tempfile.TemporaryDirectory() as made:
        answer = Path(made) / "answer.json"
        paths = [*project.paths, *filter(None, [os.environ.get("PYTHONPATH")])]
        done = subprocess.run(  # noqa: S603 - our own Python
            [sys.executable, "-m", "pytest", "-q", "-p", __name__, "tests"],
            cwd=project.folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), _ANSWER: str(answer)},
            capture_output=True,
            text=True,
            check=False,
        )
        if not answer.exists():
            said = " ".join((done.stderr or done.stdout).split())[-300:]
            raise PluginError(f"the tests of {project.folder} cannot be run: {said}")
        found: list[dict[str, str]] = json.loads(answer.read_text(encoding="utf-8"))
        return found


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how a test ended."""
    if report.when == "call" or not report.passed:
        _note(report.nodeid, report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """A file that cannot be collected is a failure of its own."""
    if report.failed:
        _note(report.nodeid, report)


def pytest_sessionfinish() -> None:
    """Hand the outcomes over."""
    Path(os.environ[_ANSWER]).write_text(json.dumps(_OUTCOMES), encoding="utf-8")


def _note(name: str, report: Any) -> None:
    message = ""
    if report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        message = crash.message if crash else str(report.longrepr)
    elif report.skipped and isinstance(report.longrepr, tuple):
        message = report.longrepr[2].removeprefix("Skipped: ")
    _OUTCOMES.append({"name": name, "outcome": report.outcome, "message": message})
