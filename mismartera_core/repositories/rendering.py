"""Projects made from cookiecutter templates."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cookiecutter.generate import generate_context, generate_files
from cookiecutter.prompt import prompt_for_config


def render(template: Path, folder: Path, name: str) -> tuple[Path, dict[str, Any]]:
    """Make a project without asking anything and without touching the user's home.

    The function `cookiecutter` would also read and write files there.

    Args:
        template: Folder with a cookiecutter.json.
        folder: Where the project goes; it exists.
        name: Of the project; the template's variable `name`.

    Returns:
        The folder of the project, and the variables of the template.

    Raises:
        CookiecutterException: What the template does wrong; its Jinja errors come as they are.
    """
    facts = str(template / "cookiecutter.json")
    context = generate_context(facts, extra_context={"name": name})
    chosen = dict(prompt_for_config(context, no_input=True))
    with _scratch():
        made = Path(generate_files(template, {"cookiecutter": chosen}, folder))
    # Installers compile whatever is called *.py, in a template too; a project begins without.
    for compiled in sorted(made.rglob("__pycache__")):
        shutil.rmtree(compiled)
    return made, chosen


@contextmanager
def _scratch() -> Iterator[None]:
    """A folder for temporary files that goes: cookiecutter leaves a copy of each hook it runs."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before
