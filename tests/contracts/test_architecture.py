"""Rules of the code that no linter knows."""

import ast
import re
import statistics
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = sorted((ROOT / "mismartera_core").rglob("*.py"))
SOURCES = CORE + sorted(ROOT.glob("plugins/*/src/**/*.py"))
ALL = {*CORE, *(f for at in ("tests", "plugins", "benchmarks") for f in (ROOT / at).rglob("*.py"))}
CLOCK = ROOT / "mismartera_core/managers/time_manager"
HOURS_OF_MARKETS = ROOT / "mismartera_core/repositories/markets.py"

WALL_CLOCK = re.compile(
    r"(^|\.)((datetime|date|dt|Timestamp)\.(now|utcnow|today)"
    r"|time\.(time|time_ns|localtime|gmtime|ctime|strftime|sleep))$"
)
SUPPRESS_ALL = re.compile(r"(\w+\.)?suppress\(.*\b(Base)?Exception\b.*\)")
TIME_OF_DAY = re.compile(r"[0-2]?\d:[0-5]\d(:[0-5]\d)?")


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of all that is read off something else, or imported from a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def violations(files, rule) -> list[str]:
    """Places, as "file:line what", where a rule finds something."""
    return [
        f"{file.relative_to(ROOT)}:{line} {what}"
        for file in files
        for line, what in rule(ast.parse(file.read_text(encoding="utf-8")))
    ]


def wall_clock(tree: ast.AST) -> Iterator[tuple[int, str]]:
    yield from ((line, name) for line, name in names(tree) if WALL_CLOCK.search(name))


def asynchronous(tree: ast.AST) -> Iterator[tuple[int, str]]:
    kinds = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)
    yield from ((n.lineno, type(n).__name__) for n in ast.walk(tree) if isinstance(n, kinds))


def hours_of_the_day(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """`time(9, 30)`, `replace(hour=9)` and texts such as "09:30"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).rpartition(".")[2]
            given = [*node.args, *(k.value for k in node.keywords if k.arg in ("hour", "minute"))]
            fixed = [a.value for a in given if isinstance(a, ast.Constant)]
            if called in ("time", "replace") and any(type(v) is int and v > 0 for v in fixed):
                yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.Constant) and TIME_OF_DAY.fullmatch(str(node.value)):
            yield node.lineno, repr(node.value)


def swallowed(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Handlers of everything, bare or doing nothing; a narrow one may mean "then go on"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else ""
            wide = re.search(r"\b(Exception|BaseException|MisMarteraError)\b", caught)
            if not caught or (wide and all(isinstance(s, ast.Pass) for s in node.body)):
                yield node.lineno, f"except {caught}"
        elif isinstance(node, ast.Call) and SUPPRESS_ALL.fullmatch(ast.unparse(node)):
            yield node.lineno, ast.unparse(node)


def unfinished(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "NotImplementedError":
            yield node.lineno, node.id


@pytest.mark.parametrize(
    ("rule", "files"),
    [
        (wall_clock, [f for f in SOURCES if not f.is_relative_to(CLOCK)]),
        (asynchronous, CORE),
        (hours_of_the_day, [f for f in SOURCES if f != HOURS_OF_MARKETS]),
        (swallowed, SOURCES),
        (unfinished, SOURCES),
    ],
    ids=lambda it: getattr(it, "__name__", None),
)
def test_the_code_has_no(rule, files):
    assert violations(files, rule) == []


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (wall_clock, "import datetime\ndatetime.datetime.now()"),
        (wall_clock, "from datetime import date\ndate.today()"),
        (wall_clock, "from time import time"),
        (wall_clock, "pd.Timestamp.now('UTC')"),
        (asynchronous, "async def f(): pass"),
        (hours_of_the_day, "OPEN = time(9, 30)"),
        (hours_of_the_day, "now.replace(hour=16)"),
        (hours_of_the_day, "OPEN = '09:30'"),
        (swallowed, "try: f()\nexcept: log()"),
        (swallowed, "try: f()\nexcept Exception: pass"),
        (swallowed, "with contextlib.suppress(Exception): f()"),
        (unfinished, "raise NotImplementedError"),
    ],
)
def test_the_rule_sees(rule, code):
    assert list(rule(ast.parse(code)))


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (wall_clock, "clock.now(); self.now; time.perf_counter(); time.monotonic()"),
        (hours_of_the_day, "time(0); time(hour, minute); day.replace(day=1, hour=0)"),
        (swallowed, "try: f()\nexcept ValueError: pass"),
    ],
)
def test_the_rule_lets_pass(rule, code):
    assert not list(rule(ast.parse(code)))


def test_no_comment_says_that_something_is_to_be_done():
    found = []
    for file in SOURCES:
        with tokenize.open(file) as text:
            found += [
                f"{file.relative_to(ROOT)}:{token.start[0]} {token.string}"
                for token in tokenize.generate_tokens(text.readline)
                if token.type == tokenize.COMMENT
                and re.search(r"\b(TODO|FIXME|XXX|HACK)\b", token.string)
            ]
    assert found == []


def test_files_are_short():
    lengths = {f: len(f.read_text(encoding="utf-8").splitlines()) for f in ALL}
    assert {str(f.relative_to(ROOT)): n for f, n in lengths.items() if n > 400} == {}
    assert statistics.median(lengths[f] for f in SOURCES) < 150


def test_no_plugin_folder_breaks_the_workspace():
    folders = [f for f in (ROOT / "plugins").iterdir() if f.name != "__pycache__"]
    assert [f.name for f in folders if not (f / "pyproject.toml").exists()] == []
