"""The page for authors of plugins: what it shows runs, and it has every promise of every suite."""

import inspect
import re
import subprocess
import sys

from kept_files import UPDATE, kept

from mismartera_core.testing import (
    SUITES,
    BrokerConformance,
    Conformance,
    DataProviderConformance,
    RemoteProviderConformance,
    RemoteStreamConformance,
    VenueBrokerConformance,
)

PAGE = "docs/testing-plugins.md"
HEAD = """\
## Promises

What all suites test, and what each of them tests beside it. `mismartera plugins check` reports
these names.
"""


def promises(suite, base=object):
    """A line for each promise of a suite that its base does not make."""
    tests = {name: test for name, test in inspect.getmembers(suite) if name.startswith("test_")}
    order = [name for cls in reversed(suite.__mro__) for name in vars(cls) if name in tests]
    for name in dict.fromkeys(order):
        if not hasattr(base, name):
            first = inspect.getdoc(tests[name]).partition("\n\n")[0]
            yield f"- {name.removeprefix('test_').replace('_', ' ')}: {' '.join(first.split())}"


def written():
    """The list of promises as the page has it."""
    yield HEAD
    yield "\n".join(["### all\n", *promises(Conformance)]) + "\n"
    for kind, suite in SUITES.items():
        yield "\n".join([f"### {kind}\n", *promises(suite, Conformance)]) + "\n"
        if suite is BrokerConformance:
            more = promises(VenueBrokerConformance, Conformance)
            yield "\n".join([f"### {kind} of a venue\n", *more]) + "\n"
        if suite is DataProviderConformance:
            more = promises(RemoteProviderConformance, DataProviderConformance)
            yield "\n".join([f"### {kind} of a service on the network\n", *more]) + "\n"
            more = promises(RemoteStreamConformance, DataProviderConformance)
            yield "\n".join([f"### {kind} that streams from such a service\n", *more]) + "\n"


def test_every_promise_is_listed(root):
    head = (root / PAGE).read_text(encoding="utf-8").partition("## Promises")[0]
    page = head + "\n".join(written())
    assert kept(PAGE, page) == page, UPDATE


def test_what_it_shows_runs(root, tmp_path):
    text = (root / PAGE).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "test_page.py").write_text("\n\n".join(blocks), encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_page.py"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
