"""Files that the code is compared with, and that change only on purpose."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
UPDATE = "UPDATE_CONTRACTS=1 ./uvw run pytest tests/contracts"


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def kept():
    """Compare a text with the file that keeps it: `kept("docs/hooks.md", text)`."""

    def compare(path: str, text: str, what: Callable[[str], Any] = str) -> None:
        file = ROOT / path
        if os.environ.get("UPDATE_CONTRACTS"):
            file.write_text(text, encoding="utf-8")
        found = file.read_text(encoding="utf-8") if file.exists() else ""
        assert what(text) == what(found), f"{path} is not current; if the change is meant: {UPDATE}"

    return compare
