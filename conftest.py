"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from mismartera_core.monitoring import redaction

# How long an example takes is the machine's affair: no test asserts a wall time.
settings.register_profile("mismartera", deadline=None)
settings.load_profile("mismartera")


@pytest.fixture(autouse=True, scope="module")
def _secrets_of_a_module_are_its_own() -> Iterator[None]:
    """Forget after a module what it had struck out of logs: others may use such a word."""
    before = dict(redaction._parts)  # noqa: SLF001 - a process never forgets a secret, tests must
    yield
    redaction._parts.clear()  # noqa: SLF001
    redaction._parts.update(before)  # noqa: SLF001
