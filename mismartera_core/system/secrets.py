"""Secrets by name: asked for once, kept from logs, in no config and no run folder."""

from __future__ import annotations

from pydantic import SecretStr

from mismartera_core.builtin.secrets import PLACES, SERVICE
from mismartera_core.errors import ConfigError
from mismartera_core.monitoring.redaction import conceal
from mismartera_core.registry import Registry
from mismartera_core.registry.plugins import BUILTIN


class Secrets:
    """Finds secrets; calling it with a name gives the secret in clear.

    Args:
        registry: The plugins there are; the built-ins are asked first.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._held: dict[str, SecretStr] = {}

    def __repr__(self) -> str:
        return f"Secrets({', '.join(sorted(self._held))})"

    def __call__(self, name: str) -> str:
        """The secret of a name.

        Args:
            name: Such as "ALPACA_API_KEY".

        Raises:
            ConfigError: Nobody has it; the message says where it was looked for.
        """
        held = self._held.get(name)
        if held is None:
            held = self._held.setdefault(name, SecretStr(self._found(name)))
        return held.get_secret_value()

    def _found(self, name: str) -> str:
        secret, asked = self._registry.resolve_secret(name)
        if secret is None:
            told = [text.replace(f"plugin {BUILTIN!r}", PLACES) for text in asked]
            raise ConfigError(
                f"there is no secret {name!r}; it was looked for in {'; '.join(told)}",
                hint=f"set {name} in the environment or in .env, or `keyring set {SERVICE} {name}`",
            )
        conceal(secret)
        return secret
