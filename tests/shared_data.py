"""Reference data that lives beside the repository; tests that need it skip where it is absent."""

from pathlib import Path

import pytest

_SHARED = Path(__file__).parents[2] / "shared"


def shared(path: str) -> Path:
    """A file or folder of the shared reference data, or a skip where it is absent."""
    if not _SHARED.exists():
        pytest.skip("needs the reference data (../shared), which do not lie beside this checkout")
    found = _SHARED / path
    if not found.exists():
        pytest.skip(f"needs ../shared/{path}, which is not here")
    return found
