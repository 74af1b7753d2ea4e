"""What scenarios have in the guest: laggd over bound NICs, a bond at the other end of each cable.

laggd and its interfaces are in one namespace, the partner's bonds in another. Lagg N is opposite
bond N and has addresses of a network of its own.
"""

import re
import shutil
from datetime import datetime
from functools import partial
from pathlib import Path

from ..command import LabError, run, wait_for
from ..laggd import Laggd, config_text
from ..network import Namespace
from ..traffic import TcpServer
from . import pci
from .bond import Bond
from .cabling import CABLES
from .monitor import Monitor
from .patience import PATIENCE

UNPLUG_LIMIT = 20  # seconds; the port's indicator blinks for five first


class Side:
    """One lagg of laggd with the bond opposite it: `cables` in the order of its ports. Not `bonded`, the
    partner's NICs stand for themselves and hear everything. `more`: keys of the lagg."""

    def __init__(self, guest, index, cables, protocol="lacp", mtu=1500, bonded=True, **more):
        self.guest = guest
        self.cables = cables
        self.protocol = protocol
        self.mtu = mtu
        self.bonded = bonded
        self.more = more
        self.name = f"lagg{index}"
        self.bond = Bond(guest.partner_side, f"bond{index}")
        self.ours, self.theirs = (f"192.0.2.{16 * index + end}" for end in (1, 2))
        self.ours6, self.theirs6 = f"2001:db8:{index}::1", f"2001:db8:{index}::2"

    @property
    def ports(self):
        return [cable.nic for cable in self.cables]

    def table(self):
        """The [[lagg]] table."""
        more = {"lacp": {"rate": "fast"}, **self.more} if self.protocol == "lacp" else self.more
        return {"name": self.name, "ports": self.ports, "protocol": self.protocol,
                "mtu": self.mtu, "hash": "layer3+4",
                "aliases": [f"{self.ours}/28", f"{self.ours6}/64"], **more}

    def queues_of(self, laggd):
        """What laggd's log says of the queues of the first port."""
        lines = [line for line in laggd.log_since(laggd.log_start).splitlines()
                 if f"port {self.ports[0]}: " in line and " queue" in line]
        match = re.search(r"\d+ queues?", lines[-1]) if lines else None
        return match[0] if match else "queues unknown"

    @property
    def far_interfaces(self):
        return [self.guest.interfaces[cable.number] for cable in self.cables]

    def make_other_end(self):
        if not self.bonded:
            for interface in self.far_interfaces:
                self.guest.partner_side.run(["ip", "link", "set", interface, "up", "promisc", "on"], PATIENCE)
            return
        self.bond.make(self.far_interfaces, self.protocol, self.mtu, [f"{self.theirs}/28", f"{self.theirs6}/64"])


class BoundLaggd(Laggd):
    """laggd with one or several laggs over bound NICs."""

    def __init__(self, namespace, directory, programs):
        super().__init__(namespace, directory, programs, [])
        self.log_start = 0

    def write(self, sides, eal=(), **daemon):
        cables = [cable for side in sides for cable in side.cables]
        self.config.write_text(config_text(
            {"memory": "hugepages", "api": str(self.socket), "log": "debug",
             **({"eal": list(eal)} if eal else {}), **daemon},
            [{"name": cable.nic, "device": pci.wait_behind(cable.root_port)} for cable in cables],
            [side.table() for side in sides]))

    def start(self):
        self.log_start = self.log.stat().st_size if self.log.exists() else 0
        super().start()

    def start_and_wait(self):
        """Until it says that it runs; then every device was tried."""
        self.start()
        wait_for("laggd running", lambda: self.program.must_live() and " running " in
                 self.log_since(self.log_start), PATIENCE, every=0.1)

    def log_since(self, offset):
        with open(self.log, "rb") as file:
            file.seek(offset)
            return file.read().decode(errors="replace")

    def log_size(self):
        return self.log.stat().st_size

    def logged_at(self, text, offset):
        """When a line with `text` was written behind that offset of the log, as time.time() tells
        it; None while there is none."""
        for line in self.log_since(offset).splitlines():
            if text in line and (stamp := re.match(r"[\d-]+ [\d:]+\.\d+", line)):
                return datetime.fromisoformat(stamp[0]).timestamp()
        return None

    def show(self, *arguments):
        return run([str(self.programs.laggctl), "--socket", str(self.socket), *arguments],
                   timeout=PATIENCE)

    def lagg_named(self, name):
        self.program.must_live()
        laggs = (self.get() or {}).get("laggs", [])
        return next((lagg for lagg in laggs if lagg["name"] == name), None)

    def port(self, name):
        """One port of whichever lagg has it."""
        self.program.must_live()
        laggs = (self.get() or {}).get("laggs", [])
        return next((port for lagg in laggs for port in lagg["ports"] if port["name"] == name),
                    None)

    def carrying(self, side):
        lagg = self.lagg_named(side.name)
        return [port["name"] for port in lagg["ports"] if port["distributing"]] if lagg else []


class Guest:
    """Made once; NICs are bound and moved when it is."""

    def __init__(self, programs, directory, eal=()):
        self.programs = programs
        self.directory = Path(directory)
        self.eal = list(eal)
        self.cable_failover, self.pulls, self.seconds = None, 0, 0.0  # of pulls.py
        self.monitor = Monitor()
        self.lagg_side = Namespace("lagg", "lagg")
        self.partner_side = Namespace("partner", "partner")
        self.interfaces = {}  # of the partner, by number of the cable
        self.laggd = self.tcp_server = None
        self.sides = []
        self.pulled = set()     # names of NICs
        self.unplugged = set()  # cables whose NIC was taken out, or is dead
        for cable in CABLES:
            pci.bind(pci.wait_behind(cable.root_port))
            self._hand_over(cable)

    def _hand_over(self, cable):
        """The partner's NIC, to its namespace, under the name that QEMU has for it."""
        interface = pci.interface(cable.partner_slot)
        run(["ip", "link", "set", interface, "netns", self.partner_side.name, "name",
             cable.partner_nic], PATIENCE)
        self.interfaces[cable.number] = cable.partner_nic

    def begin(self, name, sides, **daemon):
        """laggd and the bonds for a scenario, its files in a directory of that name. laggd is not
        started."""
        directory = self.directory / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        self.sides = sides
        for side in sides:
            side.make_other_end()
        self.laggd = BoundLaggd(self.lagg_side, directory, self.programs)
        # The share takes no sockets.
        self.laggd.socket = Path("/run") / f"{name}.sock"
        self.write(**daemon)

    def write(self, **daemon):
        """The configuration, of what the sides are at the moment. `daemon`: keys of [daemon]."""
        self.laggd.write(self.sides, self.eal, **daemon)

    def serve_tcp(self):
        """An iperf3 server at the partner's, until the guest ends."""
        if self.tcp_server is None:
            self.tcp_server = TcpServer(self.partner_side, self.directory / "iperf3.out",
                                        patience=PATIENCE)

    def end(self):
        """Everything as it was before begin(). What laggctl says is kept beside laggd's log. What
        fails does not keep the rest from being done; LabError tells the first of it."""
        steps = [self._end_laggd, *(partial(self.plug_in, cable) for cable in self.unplugged),
                 *(partial(self.plug, nic) for nic in self.pulled),
                 *(side.bond.remove for side in self.sides)]
        errors = []
        for step in steps:
            try:
                step()
            except (LabError, OSError) as error:
                errors.append(str(error))
        self.laggd, self.sides = None, []
        if errors:
            raise LabError(errors[0])

    def _end_laggd(self):
        if self.laggd is None:
            return
        if self.laggd.program is not None:
            self.keep_what_is_said()
            self.laggd.stop()
        self.lagg_side.run([str(self.programs.laggd), "--remove-interfaces"], PATIENCE)

    def keep_what_is_said(self):
        """laggctl's output and the driver's view, as files."""
        sources = {"laggctl.txt": partial(self.laggd.show, "show"),
                   "laggctl.json": partial(self.laggd.show, "-j", "show"),
                   **{f"{side.bond.name}.txt": side.bond.text for side in self.sides if side.bonded}}
        for file, source in sources.items():
            try:
                text = source()
            except LabError as error:
                text = f"{error}\n"
            (self.laggd.directory / file).write_text(text)

    # --- cables -----------------------------------------------------------------------------------

    def pull(self, nic):
        """Takes the carrier of one end; when it was asked for."""
        self.pulled.add(nic)
        return self.monitor.set_link(nic, False)[0]

    def plug(self, nic):
        self.pulled.discard(nic)
        return self.monitor.set_link(nic, True)[0]

    # --- devices ----------------------------------------------------------------------------------

    def unplug(self, cable):
        """Asks for laggd's NIC to be taken out; it goes when the guest lets it."""
        self.unplugged.add(cable)
        self.monitor.ask("device_del", id=cable.nic)

    def gone(self, cable):
        return pci.behind(cable.root_port) is None

    def plug_in(self, cable):
        """A new NIC in the place of one that was taken out, or is dead, and bound."""
        if not self.gone(cable):
            try:
                self.monitor.ask("device_del", id=cable.nic)
            except LabError:
                pass  # it was asked for before, and is on its way
            wait_for(f"{cable.nic} taken out", lambda: self.gone(cable), UNPLUG_LIMIT)
        wait_for(f"{cable.nic} plugged in", lambda: self._add(cable), UNPLUG_LIMIT, every=0.2)
        pci.bind(pci.wait_behind(cable.root_port))
        self.unplugged.discard(cable)

    def _add(self, cable):
        """False while QEMU has not forgotten the old one."""
        try:
            self.monitor.ask("device_add", **cable.device)
        except LabError as error:
            if "Duplicate" in str(error) or "in use" in str(error):
                return False
            raise
        return True

    def kill_device(self, cable):
        """laggd's NIC stops answering, without a word."""
        self.unplugged.add(cable)
        pci.die(pci.behind(cable.root_port))
