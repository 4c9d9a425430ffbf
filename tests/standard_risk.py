"""`standard` as its tests ask it: an order and an account with which nothing is wrong."""

from dataclasses import fields, replace

from mismartera_core import AccountView, OrderRequest, RiskFacts
from mismartera_core.registry import Registry, config_model, resolve_attribute
from mismartera_core.testing.risk_checks import ACCOUNT, FACTS

REGISTRY = Registry.from_modules({})
ORDER = OrderRequest(
    strategy="mine", symbol="AAPL", side=1, quantity=100.0, reference_price=50.0, opens=True
)
SHORT = {"side": -1}
_ORDER = {f.name for f in fields(OrderRequest)}
_FACTS = {f.name for f in fields(RiskFacts)}
_ACCOUNT = {f.name for f in fields(AccountView)}


def build(**config):
    """The check as the host builds it."""
    record = REGISTRY.get("risk_check", "standard")
    return resolve_attribute(record.factory)(config_model(record)(**config), None)


def question(**numbers):
    """The order and the account with some numbers changed, wherever they belong."""
    assert set(numbers) <= _ORDER | _FACTS | _ACCOUNT
    facts = replace(FACTS, **{k: v for k, v in numbers.items() if k in _FACTS})
    plain = {k: v for k, v in numbers.items() if k in _ACCOUNT}
    order = replace(ORDER, **{k: v for k, v in numbers.items() if k in _ORDER})
    return order, replace(ACCOUNT, facts=facts, **plain)


def answer(config=None, **numbers):
    """What a fresh check says of it."""
    return build(**(config or {})).check(*question(**numbers))


def looks(check, *accounts):
    """What the check says after each of several steps."""
    return [
        check.watch(question(marked_ns=step, **numbers)[1], step)
        for step, numbers in enumerate(accounts)
    ]
