"""Names that a new plugin may have: of its folder, package, entry point and what it offers."""

from __future__ import annotations

import builtins
import keyword
import re
import sys
import unicodedata
from collections.abc import Mapping
from importlib.metadata import distributions
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mismartera_core import __all__ as public_face
from mismartera_core.errors import UsageError

if TYPE_CHECKING:
    from mismartera_core.registry import Registry

LONGEST = 30
"""Letters of a name; with more, the lines of a new project grow too long."""

TAKEN_CLASSES = frozenset(public_face) | {
    *("Any", "BaseModel", "Callable", "ConfigDict", "Decimal", "Field", "Iterator", "Mapping"),
    *("IntArray", "Iterable", "Path", "Sequence", "SimulatedBroker", "SimulatedConfig"),
    *("ClientConnection", "Future", "Listening", "NoAnswer", "NotSent", "Reply", "Request", "Rest"),
    *("Promises", "SecretStr", "TypeAlias", "TypeVar", "VenueBrokerConformance", "VenueStand"),
}
"""Classes that a new project imports, and must not have itself."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)
_DEVICES = {"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(10)}


def check_name(name: str, registry: Registry) -> None:
    """Refuse a name that a new plugin cannot have.

    Args:
        name: As typed.
        registry: What is installed.

    Raises:
        UsageError: It is misspelt, or it means something else already.
    """
    if not _NAME.fullmatch(name):
        rule = "lower-case letters, digits and single underscores between them, a letter first"
        raise UsageError(f"expected a name of {rule}, was {name!r}", hint=_free(name, registry))
    if len(name) > LONGEST:
        text = f"expected a name of at most {LONGEST} letters, {name!r} has {len(name)}"
        raise UsageError(text, hint="choose a shorter one")
    meaning = _meaning(name, registry)
    if meaning is not None:
        hint = _free(name, registry)
        raise UsageError(f"the name {name!r} is taken: it is {meaning}", hint=hint)


def class_name(name: str) -> str:
    """The class that a template names after a project, as "MyBroker" after "my_broker"."""
    return "".join(word.capitalize() for word in name.split("_"))


def _free(name: str, registry: Registry) -> str:
    """A name as near to another as the rules allow, and not taken."""
    spelt = _spelt(name)
    own = spelt if spelt.startswith("my_") else _spelt(f"my_{spelt}")
    tries = (spelt, own, *(f"{own[: LONGEST - 3]}_{number}" for number in range(2, 100)))
    return next((it for it in tries if _meaning(it, registry) is None), "choose another one")


def _meaning(name: str, registry: Registry) -> str | None:
    """What a name means already; None where it is free."""
    return next((text for text, is_it in _meanings(name, registry).items() if is_it), None)


def _meanings(name: str, registry: Registry) -> Mapping[str, bool]:
    """What a name could mean already, and whether it does."""
    from mismartera_core.registry import KINDS

    offered = [kind for kind in KINDS if registry.sources(kind, name)]
    return {
        "a word of Python": name in {*keyword.kwlist, *keyword.softkwlist},
        "a function of Python": hasattr(builtins, name),
        "a device of Windows": name in _DEVICES,
        "a module of Python": name in sys.stdlib_module_names,
        "an installed plugin": name in {plugin.name for plugin in registry.plugins()},
        f"an installed {' and '.join(offered).replace('_', ' ')}": bool(offered),
        "an installed package": _is_installed(name),
        f"the class {class_name(name)} that plugins import": class_name(name) in TAKEN_CLASSES,
    }


def _is_installed(name: str) -> bool:
    names = (dist.name or "" for dist in distributions())
    return find_spec(name) is not None or name in {re.sub(r"[-_.]+", "_", n).lower() for n in names}


def _spelt(name: str) -> str:
    """A name as near to another as its spelling allows."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    plain = unicodedata.normalize("NFKD", split.casefold()).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain)
    found = "_".join(words).lstrip("0123456789_")[:LONGEST].rstrip("_")
    return found or "my_plugin"
