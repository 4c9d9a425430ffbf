"""Observers of a live session: each is told on a thread of its own, so that none is waited for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from queue import SimpleQueue
from threading import Lock, Thread
from time import monotonic
from typing import Any

from mismartera_core.registry import Registry
from mismartera_core.registry.listeners import Listener
from mismartera_core.system.hook_budget import BUDGET, STRIKES, Told

DRAIN = 5.0
"""Seconds that are waited at the end for an observer to have heard everything."""


class ObserverThread(Thread):
    """A thread on which a plugin is told; one that hangs is left behind by the command line."""


Task = tuple[str, Listener, Mapping[str, Any]]


class LiveObservers:
    """Tells plugins what happened, without waiting for any.

    An observer that is busy for longer than the budget is not told of what happens meanwhile. Each
    call beyond the budget, or that raises, is a strike; after three in a row of one hook it is told
    nothing more.

    Args:
        registry: The plugins.
        told: Told of every observer that is quarantined, once.
        timer: A monotonic timer, seconds.
    """

    def __init__(
        self, registry: Registry, told: Told, timer: Callable[[], float] = monotonic
    ) -> None:
        self._registry = registry
        self._told = told
        self._timer = timer
        self._lock = Lock()
        self._observers: dict[str, _Observer] = {}
        self._closed = False

    def observe(self, hook: str, **facts: Any) -> None:
        """See `Registry.observe`; returns at once."""
        for plugin, call in self._registry.callers(hook):
            with self._lock:
                if self._closed:
                    return
                observer = self._observers.get(plugin)
                if observer is None:
                    observer = _Observer(plugin, self._registry, self._told, self._timer)
                    self._observers[plugin] = observer
            observer.tell((hook, call, facts))

    def close(self) -> None:
        """Let every observer hear what it was told; one that hangs is not waited for long."""
        until = self._timer() + DRAIN
        with self._lock:
            observers, self._closed = list(self._observers.values()), True
        for observer in observers:
            hangs = observer.close(max(0.0, until - self._timer()))
            if hangs:
                why = f"it has not come back from {hangs} by the end of the run, and is left behind"
                self._told(f"plugin {observer.plugin!r}", why)


class _Observer:
    """One plugin, and the thread on which it is told."""

    def __init__(
        self, plugin: str, registry: Registry, told: Told, timer: Callable[[], float]
    ) -> None:
        self.plugin = plugin
        self._registry = registry
        self._told = told
        self._timer = timer
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._lock = Lock()
        self._since: float | None = None
        self._hook = ""
        self._strikes: dict[str, int] = {}
        self._is_out = False
        self._thread = ObserverThread(target=self._run, name=f"observer {plugin}")
        self._thread.start()

    def tell(self, task: Task) -> None:
        """Queue something, unless it is quarantined, or busy for too long."""
        with self._lock:
            since = self._since
            busy = since is not None and self._timer() - since > BUDGET
            if self._is_out or busy:
                return
        self._tasks.put(task)

    def close(self, seconds: float) -> str:
        """Hear the rest, and end; which hook it has not come back from, "" where it has."""
        self._tasks.put(None)
        self._thread.join(seconds)
        return self._hook if self._thread.is_alive() else ""

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            with self._lock:
                if self._is_out:
                    continue
                began = self._since = self._timer()
            self._hook, call, facts = task
            hook = self._hook
            fine = self._registry.tell(self.plugin, hook, call, facts)
            with self._lock:
                took, self._since = self._timer() - began, None
                over = took > BUDGET
                count = self._strikes[hook] = (
                    self._strikes.get(hook, 0) + 1 if over or not fine else 0
                )
                self._is_out = count >= STRIKES
            if self._is_out:
                last = f"{hook} took {took:.2f} s" if over else f"{hook} raised"
                self._told(
                    f"plugin {self.plugin!r}",
                    f"it is told nothing more: {STRIKES} strikes, the last: {last}",
                )
