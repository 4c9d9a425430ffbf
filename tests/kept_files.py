"""Files that the code is compared with, and that change only on purpose."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]
UPDATE = "if the change is meant: UPDATE_CONTRACTS=1 ./uvw run pytest tests/contracts"


def kept(path: str, text: str) -> str:
    """What a file keeps of a text; with UPDATE_CONTRACTS set, it is written first.

    Args:
        path: From the root of the repository.
        text: What the code says now.
    """
    file = ROOT / path
    if os.environ.get("UPDATE_CONTRACTS"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return file.read_text(encoding="utf-8") if file.exists() else ""
