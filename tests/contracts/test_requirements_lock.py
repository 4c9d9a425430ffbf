"""requirements.lock is what pyproject.toml resolves to."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from kept_files import UPDATE, kept

HEADER = """\
# Every version with its hashes, made of pyproject.toml by
#   UPDATE_CONTRACTS=1 ./uvw run pytest tests/contracts/test_requirements_lock.py
# To install with pip: pip install --require-hashes -r requirements.lock
#   and then: pip install --no-deps . ./plugins/*
"""
FORMAT = "--no-emit-workspace --no-annotate --no-header"
EXPORT = f"export --frozen --offline --quiet --no-group peers {FORMAT}"


def uv(root) -> str:
    """The uv that runs the tests, or another one."""
    places = (os.environ.get("UV"), shutil.which("uv"), root / ".uv/bin/uv")
    return next((str(place) for place in places if place and Path(place).exists()), "")


def pins(text: str) -> dict[str, set[str]]:
    """Hashes by name and version; markers are worded differently by every uv."""
    lines = [line for line in text.replace("\\\n", " ").splitlines() if "==" in line]
    return {line.split()[0]: set(re.findall(r"sha256:\w+", line)) for line in lines}


def test_it_is_current(root):
    program = uv(root)
    if not program or not (root / "uv.lock").exists():
        pytest.skip("needs uv and the uv.lock that it writes")
    done = subprocess.run(
        [program, *EXPORT.split()], cwd=root, capture_output=True, text=True, check=True
    )
    text = HEADER + done.stdout
    locked, resolved = pins(kept("requirements.lock", text)), pins(text)
    assert locked.keys() == resolved.keys(), UPDATE
    # An index may not show every file of a version; what it shows is locked.
    assert not {pin: more for pin in resolved if (more := resolved[pin] - locked[pin])}, UPDATE


def test_it_names_every_dependency_with_a_hash(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())
    wanted = list(project["project"]["dependencies"])
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    wanted += [it for it in project["dependency-groups"]["dev"] if isinstance(it, str)]
    names = {re.split(r"[\[<>=~ ;]", it)[0].lower() for it in wanted} - {"mismartera-core"}
    pinned = pins((root / "requirements.lock").read_text())
    assert names <= {it.split("==")[0] for it in pinned}
    assert all(pinned.values())


def test_it_names_no_place(root):
    lock = (root / "requirements.lock").read_text()
    assert not re.search(r"https?:|file:|--index|--find-links|^-e|/root|/work|/home", lock, re.M)
