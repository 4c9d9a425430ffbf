"""Live sessions at a venue in memory, one after the other on the same account."""

from types import ModuleType

from recorded_sessions import RISK

from mismartera_core import BrokerReg, Strategy, hookimpl
from mismartera_core.repositories.live_files import LiveFiles
from mismartera_core.testing import ScriptedVenue


class Enters(Strategy):
    """Bids below the market at its third bar; what goes wrong does at the fourth."""

    scene: "Scene"
    bars_seen = 0

    def on_bar(self, bar):
        self.bars_seen += 1
        if self.bars_seen == 3:
            self.buy(1, limit=round(bar.close * 0.98, 2))
        if self.bars_seen == 4:
            self.scene.go_wrong()


class Scene:
    """A session at a venue in memory."""

    def __init__(self, live, folder, strategy=Enters, script=None, venue=None, **chosen):
        self.files = LiveFiles(folder, "PA1")
        self.venue = venue or ScriptedVenue()
        self.venue._now_ns = lambda: session._wall.now_ns
        live._plugins["scripted"] = self._plugin()
        self.session = session = live(
            type("Mine", (strategy,), {"scene": self}),
            script=script,
            broker={"name": "scripted", "config": {}},
            risk=RISK,
            strategies=[{"name": "mine", **chosen}],
        )

    def _plugin(self):
        plugin = ModuleType("scripted")

        @hookimpl
        def mismartera_brokers():
            return [BrokerReg(name="scripted", factory=lambda config, context: self.venue)]

        plugin.mismartera_brokers = mismartera_brokers
        return plugin

    def entries(self):
        return {order.status for order in self.venue.orders.values()}
