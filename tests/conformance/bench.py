"""A hall of benches: one laggd that has a lagg for every check, and a Tester at the end of each
cable.

Checks that mostly wait can do it side by side: what they test is theirs alone, and only the
daemon's threads are shared.
"""

import os
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree

from air import Air, Station
from daemon_lab import Daemon, af_packet
from tester import UP, Tester

from lab.command import LabError, wait_for
from lab.network import Network

# 64 slots a ring, not 512: 32 ports with those would take half a GiB.
SMALL_RINGS = "framecnt=64,framesz=10240,blocksz=40960"
LARGE_RINGS = "framecnt=512,framesz=10240,blocksz=40960"
ONE_BY_ONE = 0.1  # s between two questions to the API: several checks ask at once
MOST_PORTS = 32


@dataclass(frozen=True)
class Setup:
    """What a check needs: how many cables, and the keys of its lagg and of its ports."""
    cables: int = 1
    lacp: dict = field(default_factory=dict)
    lagg: dict = field(default_factory=dict)
    ports: dict = field(default_factory=dict)  # number of the port, from 1: keys of its [[port]]
    arguments: str = SMALL_RINGS  # of net_af_packet
    daemon: dict = field(default_factory=dict)
    ipv6: bool = False
    alone: bool = False  # a daemon, and the machine as far as we have it, for itself


class Bench:
    """One lagg of the hall, its client's side and its testers."""

    def __init__(self, hall, number, setup):
        self.hall = hall
        self.setup = setup
        self.name = f"lagg{number}"
        self.lacp, self.lagg_keys = dict(setup.lacp), dict(setup.lagg)
        self.port_keys = dict(setup.ports)
        self.names = [f"p{number}x{cable}" for cable in range(1, setup.cables + 1)]
        self.used = list(self.names)  # those the configuration has; a check may take some out
        system = bytes([0x02, 0, 0, 0xaa, number, 0])
        self.testers = []
        for cable, name in enumerate(self.names, 1):
            far = f"t{number}x{cable}"
            hall.network.veth((hall.inside, name), (hall.outside, far))
            self.testers.append(Tester(hall.air, hall.outside, far, system, cable))
            self.testers[-1].pull()
        self._client = None

    # --- configuration ----------------------------------------------------------------------------

    def port_tables(self):
        return [{**af_packet(name, f",{self.setup.arguments}"),
                 **self.port_keys.get(self.names.index(name) + 1, {})}
                for name in self.used]

    def lagg_table(self):
        return {"name": self.name, "ports": self.used, "protocol": "lacp",
                **({"lacp": self.lacp} if self.lacp else {}), **self.lagg_keys}

    def reload(self, lacp=None, lagg=None, ports=None, used=None):
        """New keys for the lagg; returns the time.time() at which laggd was asked."""
        with self.hall.configuring:
            self.lacp.update(lacp or {})
            self.lagg_keys.update(lagg or {})
            for number, keys in (ports or {}).items():
                self.port_keys[number] = {**self.port_keys.get(number, {}), **keys}
            self.used = self.used if used is None else used
            self.hall.write()
            at = time.time()
            answer = self.hall.laggd.ctl("reload")
        if answer.code != 0:
            raise LabError(f"reload: exit code {answer.code}: {answer.err}{answer.out}")
        return at

    # --- what laggd says --------------------------------------------------------------------------

    def told(self):
        self.hall.laggd.program.must_live()
        told = self.hall.laggd.get(f"/v1/laggs/{self.name}", timeout=5)
        if told is None:
            raise LabError(f"laggd's API says nothing of {self.name}")
        return told

    def port(self, number=1):
        """The API's port of that number, from 1."""
        name = self.names[number - 1]
        return next(port for port in self.told()["ports"] if port["name"] == name)

    def lacp_of(self, number=1):
        return self.port(number)["lacp"]

    def wait(self, what, condition, timeout):
        """`condition` is given what the API says of the lagg."""
        return wait_for(f"{self.name}: {what}", lambda: condition(self.told()), timeout, ONE_BY_ONE)

    def wait_distributing(self, *numbers, timeout=5):
        want = [self.names[number - 1] for number in numbers]
        self.wait(f"distributing on {want or 'no port'}", lambda lagg: sorted(want) == sorted(
            port["name"] for port in lagg["ports"] if port["distributing"]), timeout)

    # --- steps ------------------------------------------------------------------------------------

    def connect(self, *testers):
        """Plugs the cables in and hears D's first word on each, so that the testers know it."""
        for tester in testers or self.testers:
            begun = time.time()
            tester.plug()
            tester.wait_pdu(timeout=5, since=begun)

    def bring_up(self, *testers, state=UP):
        """Every one of them carries traffic; none goes on speaking."""
        testers = testers or self.testers
        self.connect(*testers)
        begun = time.time()
        for tester in testers:
            tester.tell(state=state)
        for tester in testers:
            tester.wait_bits(UP, 5, since=begun)
        return begun

    @property
    def client(self):
        """The lagg's interface as its user has it."""
        if self._client is None:
            self._client = Station(self.hall.air, self.hall.inside, self.name)
        return self._client

    def ready_client(self):
        """The client's side once the kernel lets frames out there, which is told apart."""
        wait_for(f"{self.name} up",
                 lambda: self.hall.inside.links()[self.name]["operstate"] == "UP", 3)
        return self.client

    def close(self):
        for station in [*self.testers, *([self._client] if self._client else [])]:
            station.close()


class Hall:
    """Namespaces, cables and a running laggd for a list of setups; a context manager."""

    count = 0

    def __init__(self, setups):
        Hall.count += 1
        self.setups = setups
        self.configuring = threading.Lock()
        self.directory = Path(tempfile.mkdtemp(prefix=f"lagg-hall-{os.getpid()}-"))
        self.network = Network(f"hall{os.getpid()}x{Hall.count}")
        self.inside = self.network.namespace("lagg")
        self.outside = self.network.namespace("tester")
        self.air = Air()
        self.benches = []
        self.laggd = Daemon(self.inside, self.directory / "laggd")

    def __enter__(self):
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def open(self):
        self.outside.silence_new_interfaces()
        self.inside.sysctl("net.ipv6.conf.default.accept_dad=0")
        if not any(setup.ipv6 for setup in self.setups):
            self.inside.sysctl("net.ipv6.conf.default.disable_ipv6=1")
        for number, setup in enumerate(self.setups):
            self.benches.append(Bench(self, number, setup))
        self.write()
        self.laggd.start_and_wait()

    def write(self):
        ports = [port for bench in self.benches for port in bench.port_tables()]
        daemon = {key: value for setup in self.setups for key, value in setup.daemon.items()}
        self.laggd.write(ports, *(bench.lagg_table() for bench in self.benches),
                         **daemon)

    def stop(self):
        """laggd's exit code after SIGTERM; None when it was not running."""
        return self.laggd.stop()

    def close(self):
        self.laggd.stop()
        for bench in self.benches:
            bench.close()
        self.air.stop()
        self.network.remove()
        rmtree(self.directory, ignore_errors=True)


def interface_address(namespace, interface):
    return bytes.fromhex(namespace.links()[interface]["address"].replace(":", ""))

