"""What authors import: names and signatures change only on purpose."""

import dataclasses
import enum
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from kept_files import UPDATE, kept

import mismartera_core


def describe(name: str, thing: object) -> Iterator[str]:
    """A public name, and below it what belongs to it."""
    if not inspect.isclass(thing):
        function = inspect.unwrap(thing) if callable(thing) else thing
        yield f"def {name}{signature(function)}" if inspect.isfunction(function) else name
        return
    bases = ", ".join(base.__name__ for base in thing.__bases__ if base is not object)
    yield f"class {name}({bases})" if bases else f"class {name}"
    if issubclass(thing, enum.Enum):
        yield from (f"    {member.name} = {member.value!r}" for member in thing)
        return
    if dataclasses.is_dataclass(thing):
        yield from (f"    {field.name}: {field.type}" for field in dataclasses.fields(thing))
    elif hasattr(thing, "_fields"):
        yield f"    {', '.join(thing._fields)}"
    yield from (f"    {line}" for line in sorted(members(thing)))


def members(cls: type) -> Iterator[str]:
    """Public methods and properties of a class, and how it is made.

    Those that it inherits belong to it where the class it has them from is not public itself.
    """
    ours = [base for base in cls.__mro__ if base is cls or is_hidden(base)]
    for name, member in {k: v for base in reversed(ours) for k, v in vars(base).items()}.items():
        made_by_hand = name == "__init__" and not dataclasses.is_dataclass(cls)
        if name.startswith("_") and not (made_by_hand and inspect.isfunction(member)):
            continue
        if isinstance(member, staticmethod | classmethod):
            yield f"{name}{signature(member.__func__)}"
        elif inspect.isfunction(member) and member.__module__.startswith("mismartera_core"):
            yield f"{name}{signature(member)}"
        elif isinstance(member, property):
            yield name


def is_hidden(base: type) -> bool:
    """Whether a class is ours and not public."""
    return base.__module__.startswith("mismartera_core") and base.__name__ not in set(
        mismartera_core.__all__
    )


def signature(function: Callable[..., Any]) -> str:
    """Parameters and result, annotations without quotes."""
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(inspect.signature(function)))


def test_every_name_is_there_and_in_order():
    exported = mismartera_core.__all__
    assert sorted(exported[1:]) == exported[1:]
    assert all(getattr(mismartera_core, name) is not None for name in exported)
    assert set(exported) <= set(dir(mismartera_core))


def test_names_and_signatures_change_on_purpose():
    lines = [
        line
        for name in mismartera_core.__all__
        if name != "__version__"
        for line in describe(name, getattr(mismartera_core, name))
    ]
    face = "\n".join(lines) + "\n"
    assert kept("tests/contracts/public_face.txt", face) == face, UPDATE


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(mismartera_core, "no_such_name")
