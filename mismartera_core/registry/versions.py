"""Whether a plugin fits this version of the core, by what its distribution requires."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

CORE = "mismartera-core"

_REQUIREMENT = re.compile(r"([\w.-]+)\s*(?:\[[^]]*])?\s*\(?([^;)@]*)\)?[^;]*(?:;(.*))?")
_CLAUSE = re.compile(r"(===|==|!=|<=|>=|~=|<|>)\s*v?([\d.]+)(\*?)")
_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "===": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


def unmet_range(requires: Iterable[str], release: str, project: str = CORE) -> str:
    """The range of versions that a plugin asks for, where the one that is there is not within it.

    Args:
        requires: Requirements of a distribution.
        release: The version that is there.
        project: Normalized name of what is there.

    Returns:
        The range as it is written, such as ">=2,<3"; empty where it fits or none is asked for.
    """
    for text in requires:
        name, asked, marker = parsed(text)
        if name == project and "extra" not in marker and not _within(asked, release):
            return asked
    return ""


def parsed(requirement: str) -> tuple[str, str, str]:
    """Normalized name, version range and marker of a requirement.

    Args:
        requirement: As metadata have it, such as "Foo_Bar[x] (>=1) ; extra == 'y'".
    """
    found = _REQUIREMENT.match(requirement.strip())
    if found is None:
        return "", "", ""
    name, asked, marker = found.groups(default="")
    return normalized(name), asked.replace(" ", ""), marker.strip()


def normalized(name: str) -> str:
    """A distribution's name as all spellings of it share it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _within(asked: str, release: str) -> bool:
    return all(_meets(part, release) for part in asked.split(",") if part)


def _meets(clause: str, release: str) -> bool:
    """Whether a version meets one clause; what cannot be read is the installer's to judge."""
    found = _CLAUSE.match(clause)
    if found is None:
        return True
    sign, text, star = found.groups()
    here, there = _numbers(release), _numbers(text)
    if star:
        return (here[: len(there)] == there) is (sign != "!=")
    if sign == "~=":
        return here >= there and here[: len(there) - 1] == there[:-1]
    length = max(len(here), len(there))
    return bool(_COMPARE[sign](_padded(here, length), _padded(there, length)))


def _numbers(version: str) -> tuple[int, ...]:
    """The release of a version; a pre-release counts as its release."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(number) for number in found.group().split(".")) if found else ()


def _padded(numbers: tuple[int, ...], length: int) -> tuple[int, ...]:
    return numbers + (0,) * (length - len(numbers))
