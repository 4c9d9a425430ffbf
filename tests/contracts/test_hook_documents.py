"""Every hook is described, used and tested."""

import ast
import inspect
import re

from kept_files import UPDATE, kept

from mismartera_core.hookspecs import PROJECT, Hooks
from mismartera_core.registry import KINDS, Registry

HEAD = """\
# Hooks

A plugin is a Python module named by an entry point of the group `mismartera`:

```toml
[project.entry-points.mismartera]
my_plugin = "my_plugin.plugin"
```
The module holds hook implementations and nothing that is slow to import; what it registers names
its factory as `"module:attribute"`, imported on first use. A plugin that cannot be loaded is
reported by `mismartera plugins list`, with the reason and what to do, and takes no other down.

What an implementation needs is imported from `mismartera_core`. It names only the arguments that
it needs.
"""
REGISTERING = """\
## Registering
Return records, collected once. Names are lower case, digits and underscores; a name that two
plugins offer is used by neither, and both are told of.
"""
EXTENDING = """\
## Extending
Asked when there may be something to say.
"""
OBSERVING = """\
## Observing
Told what happened, in the thread where it happened, never on the path of a bar. What an observer
raises is logged and counted, and changes nothing. In a live session each plugin is told on a thread
of its own, by a queue: nobody waits for it. A call that takes longer than 250 ms or raises is a
strike. While one takes longer, its plugin is not told of what happens; after three strikes in a row
of one hook it is told nothing more in this session, which is said once, in the log, the status and
the notes of the run.
"""


def hooks() -> dict[str, object]:
    """Specifications by name, in the order of the source."""
    return {name: spec for name, spec in vars(Hooks).items() if name.startswith(PROJECT)}


def heading(name: str, spec) -> str:
    """A hook's signature as a plugin writes it."""
    signature = inspect.signature(spec)
    given = [it for it in signature.parameters.values() if it.name != "self"]
    text = str(signature.replace(parameters=given))
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", f"{name}{text}")


def describe(name: str, spec) -> str:
    """A heading, what it is, and its example."""
    text, _, example = inspect.getdoc(spec).partition("\nExample:\n")
    code = f"\n\n```python\n{inspect.cleandoc(example)}\n```" if example else ""
    return f"### `{heading(name, spec)}`\n{text.strip()}{code}\n"


def section(name: str, spec) -> str:
    """Where a hook belongs."""
    if name in {registers for registers, _ in KINDS.values()}:
        return REGISTERING
    return OBSERVING if inspect.signature(spec).return_annotation == "None" else EXTENDING


def page() -> str:
    """docs/hooks.md."""
    parts = [HEAD]
    for title in (REGISTERING, EXTENDING, OBSERVING):
        chosen = [describe(*item) for item in hooks().items() if section(*item) == title]
        parts += [title, *chosen] if chosen else []
    return "\n".join(parts)


def test_the_page_is_current():
    assert kept("docs/hooks.md", page()) == page(), UPDATE


def test_every_hook_is_used():
    used = {hook for plugin in Registry.discover().plugins() for hook in plugin.hooks}
    assert set(hooks()) - used == set()


def test_every_hook_has_a_test(root):
    files = [*(root / "tests").rglob("test_*.py"), *root.glob("plugins/*/tests/test_*.py")]
    tests = {
        node.name
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    wanted = {f"test_hook_{name.removeprefix(f'{PROJECT}_')}" for name in hooks()}
    assert wanted - tests == set()
