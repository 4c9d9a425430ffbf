"""docs/faults.md: every fault has its row, and every test that a row names is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/faults.md").read_text(encoding="utf-8")
FAULTS = 64
ROWS = {
    int(cells[1]): cells[2:5]
    for line in PAGE.splitlines()
    if re.match(r"\| \d+ \|", line)
    for cells in [[cell.strip() for cell in line.split("|")]]
}
HELD = (
    "tests/unit/venue/",
    "tests/integration/live/",
    "plugins/mismartera_alpaca/tests/test_alpaca_desk.py",
    "tests/e2e/test_live_day.py",
)
"""Where every test is held to the oracle at its end: `DeskRig.wrong`, `live_oracle.desks`."""
AT_THE_VENUE = [
    int(number)
    for part in PAGE.split("\n## ")
    if part.startswith(("An order on its way", "What the venue tells"))
    for number in re.findall(r"^\| (\d+) \|", part, re.MULTILINE)
]


@cache
def named_in(path: str) -> set[str]:
    """Names of the tests of a file, those of classes among them."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    defined = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {node.name for node in defined if node.name.startswith("test_")}


def test_every_fault_is_held_or_said_not_to_be():
    left_out = [int(number) for number in re.findall(r"^- (\d+): \w", PAGE, re.MULTILINE)]
    assert sorted([*ROWS, *left_out]) == list(range(1, FAULTS + 1))
    assert len(re.findall(r"^\| \d+ \|", PAGE, re.MULTILINE)) == len(ROWS)


@pytest.mark.parametrize("number", sorted(ROWS))
def test_what_holds_a_fault_is_there(number):
    wrong, happens, shown = ROWS[number]
    named = re.findall(r"`([\w/.]+)::(test_\w+)`", shown)
    assert wrong
    assert happens
    assert named
    assert [f"{path}::{name}" for path, name in named if name not in named_in(path)] == []
    assert shown == ", ".join(f"`{path}::{name}`" for path, name in named)


@pytest.mark.parametrize("number", AT_THE_VENUE)
def test_a_fault_of_the_venue_is_held_to_the_oracle(number):
    assert any(f"`{place}" in ROWS[number][2] for place in HELD)


def test_a_test_that_is_not_there_would_be_found():
    assert "test_nothing_of_the_kind" not in named_in("tests/contracts/test_fault_table.py")
    assert "test_what_holds_a_fault_is_there" in named_in("tests/contracts/test_fault_table.py")
