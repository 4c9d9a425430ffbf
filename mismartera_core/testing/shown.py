"""Looks for the secrets of a config in whatever a plugin says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel

from mismartera_core.testing.secrets import secret_fields
from mismartera_core.testing.suite import expect, not_applicable

LEAST_SECRET = 8
"""Characters of a secret that can be told from chance."""


def secrets_of(model: type[BaseModel] | None, settings: Any) -> list[str]:
    """The secrets of a config that can be told from chance, plain and as a URL has them.

    Args:
        model: Its model; None where it takes no config.
        settings: The config.
    """
    found: list[str] = []
    for name in {} if model is None else secret_fields(model):
        value = getattr(settings, name)
        value = value.get_secret_value() if hasattr(value, "get_secret_value") else value
        text = value.decode() if isinstance(value, bytes) else str(value or "")
        if len(text) >= LEAST_SECRET:
            found += sorted({text, quote(text, safe="")})
    return found


def secrets_or_skip(secrets: list[str]) -> None:
    """Skip where there is no secret to look for.

    Args:
        secrets: Found by `secrets_of`, or named by the suite.
    """
    if not secrets:
        not_applicable(
            f"no secret of its config has {LEAST_SECRET} characters or more; those that the "
            "context hands out are named by the fixture `secrets`"
        )


def all_said(error: BaseException | None) -> str:
    """What an error and its causes say.

    Args:
        error: The error; None says nothing.
    """
    text = ""
    while error is not None:
        text += f"{error!r} {error} {getattr(error, 'hint', '')}\n"
        error = error.__cause__ or error.__context__
    return text


def shows_none(said: Mapping[str, str], secrets: list[str]) -> None:
    """Expect that no text has a secret.

    Args:
        said: Texts by what they are.
        secrets: Found by `secrets_or_skip`.
    """
    for where, text in said.items():
        for secret in secrets:
            at = text.find(secret)
            around = text[max(at - 60, 0) : at + 60].replace(secret, "***")
            expect(
                at < 0,
                "secrets travel in headers or bodies and are never shown",
                f"{where} has one: {around!r}",
                "send it in a header, and build messages from what was asked for",
            )
