"""A venue whose orders and positions are files: sessions, watchdogs and commands share it."""

import json
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel

from mismartera_core import (
    BrokerError,
    OrderExists,
    OrderRejected,
    OrderType,
    Side,
    VenueAccount,
    VenueBroker,
    VenueCapabilities,
    VenueOrder,
    VenuePosition,
    VenueStatus,
)


class FileVenueConfig(BaseModel):
    """Where the files lie."""

    folder: str


class FileVenue(VenueBroker):
    """An account in a folder: `orders/<id>.json`, `positions.json`, `down` where it is silent."""

    capabilities = VenueCapabilities()

    def __init__(self, config, context=None):
        self.folder = Path(config.folder)
        (self.folder / "orders").mkdir(parents=True, exist_ok=True)
        self.closed = False

    def put(self, venue_id, *, side="buy", units="10", symbol="AAPL", client_id=None):
        """Have an order at work."""
        said = {"client_id": f"mm-{venue_id}" if client_id is None else client_id}
        said |= {"side": side, "units": units, "symbol": symbol}
        (self.folder / "orders" / f"{venue_id}.json").write_text(json.dumps(said))

    def hold(self, **units):
        """Have positions."""
        (self.folder / "positions.json").write_text(json.dumps(units))

    def at_work(self):
        """Ids of the orders at work."""
        return sorted(path.stem for path in (self.folder / "orders").glob("*.json"))

    def submitted(self):
        """Orders that were sent, oldest first."""
        path = self.folder / "submitted.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def _answer(self):
        if (self.folder / "down").exists():
            raise BrokerError("the venue does not answer")

    def account(self):
        money = Decimal(100_000)
        return VenueAccount(
            account_id="A1", paper=True, currency="USD", cash=money, equity=money,
            buying_power=money,
        )  # fmt: skip

    def now_ns(self):
        return 0

    def listen(self, emit):
        """Nothing is told."""

    def submit(self, terms):
        self._answer()
        if any(said["client_id"] == terms.client_id for said in self.submitted()):
            raise OrderExists(f"there is an order {terms.client_id}")
        said = {"client_id": terms.client_id, "symbol": terms.symbol, "side": terms.side.value}
        with (self.folder / "submitted.jsonl").open("a") as file:
            file.write(json.dumps({**said, "units": str(terms.quantity)}) + "\n")

    def cancel(self, venue_id):
        if (self.folder / "deaf").exists():
            raise BrokerError("the venue does not take a cancel")
        path = self.folder / "orders" / f"{venue_id}.json"
        if not path.exists():
            raise OrderRejected(f"there is no order {venue_id}")
        path.unlink()

    def replace(self, venue_id, terms):
        raise OrderRejected("nothing is replaced here")

    def find(self, client_id):
        return next((o for o in self.open_orders() if o.client_id == client_id), None)

    def order(self, venue_id):
        return next((o for o in self.open_orders() if o.venue_id == venue_id), None)

    def open_orders(self):
        self._answer()
        found = []
        for path in sorted((self.folder / "orders").glob("*.json")):
            said = json.loads(path.read_text())
            found.append(
                VenueOrder(
                    venue_id=path.stem,
                    client_id=said["client_id"],
                    symbol=said["symbol"],
                    side=Side(said["side"]),
                    type=OrderType.LIMIT,
                    quantity=None if said["units"] is None else Decimal(said["units"]),
                    filled_quantity=Decimal(0),
                    average_price=None,
                    status=VenueStatus.WORKING,
                )
            )
        return found

    def executions(self, since_ns):
        return []

    def positions(self):
        self._answer()
        path = self.folder / "positions.json"
        held = json.loads(path.read_text()) if path.exists() else {}
        return [
            VenuePosition(symbol=symbol, quantity=Decimal(units), average_price=Decimal(1))
            for symbol, units in held.items()
        ]

    def close(self):
        self.closed = True


PLUGIN = """
from mismartera_core import BrokerReg, hookimpl

@hookimpl
def mismartera_brokers():
    return [
        BrokerReg(name="files", factory="file_venue:FileVenue",
                  config_model="file_venue:FileVenueConfig")
    ]
"""


def install(site: Path) -> Path:
    """Make a folder for `sys.path` that has the venue as a plugin."""
    site.mkdir(parents=True, exist_ok=True)
    (site / "files_plugin.py").write_text(PLUGIN)
    (site / "file_venue.py").write_text(Path(__file__).read_text())
    info = site / "files_plugin-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: files-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mismartera]\nfiles = files_plugin\n")
    return site
