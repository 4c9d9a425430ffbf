"""Where the template is: a folder that cookiecutter understands."""

from __future__ import annotations

from pathlib import Path


def folder() -> Path:
    """The folder with `cookiecutter.json`; its variable `name` is what the user types."""
    return Path(__file__).with_name("project")
