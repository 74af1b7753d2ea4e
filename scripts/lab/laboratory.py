"""One laboratory put together:

    lagg               wires              partner              host
    p1 ------------- cable 1 ------------- r1
                                              Open vSwitch hb --- h0
    p2 ------------- cable 2 ------------- r2

Each column is a network namespace. laggd (or a stand-in) works in the first, its kernel interface
appears there too. Everything written goes to one directory; lab.json in it names the namespaces and
processes, so that a laboratory left standing can be ended later by another process.
"""

import json
import os
import shutil
import signal
import tempfile
from pathlib import Path

from .command import LabError, run, start_time, wait_for
from .laggd import Laggd
from .network import Network, remove_namespace
from .ovs import OpenVSwitch
from .traffic import PingStreams, TcpServer

NEEDED = {  # program: Debian package
    "ip": "iproute2", "bridge": "iproute2", "ss": "iproute2", "ethtool": "ethtool",
    "sysctl": "procps", "ping": "iputils-ping", "iperf3": "iperf3",
    "ovsdb-tool": "openvswitch-switch", "ovs-vswitchd": "openvswitch-switch",
}
PORTS = ["p1", "p2"]
PARTNER_PORTS = ["r1", "r2"]
HOST_PORT = "hb"
LAGG4, LAGG6 = "192.0.2.1", "2001:db8::1"
ALIASES = [f"{LAGG4}/24", f"{LAGG6}/64"]
# Several addresses of the host, so that several flows of pings exist and every cable gets some.
HOST4 = [f"192.0.2.{n}" for n in range(11, 17)]
HOST6 = [f"2001:db8::{n}" for n in range(11, 17)]

_count = 0


def missing():
    """Debian packages of the programs that are not here."""
    return sorted({package for program, package in NEEDED.items() if shutil.which(program) is None})


class Laboratory:
    """Use it as a context manager: whatever happens inside, it is gone afterwards (unless kept)."""

    def __init__(self):
        global _count
        if os.geteuid() != 0:
            raise LabError("network namespaces need root")
        if absent := missing():
            raise LabError(f"not installed: {' '.join(absent)}")
        suffix = f"{os.getpid()}" + (f"x{_count}" if _count else "")
        _count += 1
        self.keep = False
        self.directory = Path(tempfile.mkdtemp(prefix=f"lagg-lab-{suffix}-"))
        self.network = Network(f"lagg{suffix}")
        self.lagg_side = self.partner_side = self.host = None
        self.cables = []
        self.laggd = self.ovs = self.testpmd = self.tcp_server = None
        self._streams = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.keep:
            self.remove()

    def build(self, cables=2):
        """The whole picture, with a running Open vSwitch that is not yet a partner."""
        self.lay_cables(cables)
        self.partner_side.silence_new_interfaces()
        self.host = self.network.namespace("host")
        self.host.sysctl("net.ipv6.conf.default.accept_dad=0")
        self.network.veth((self.host, "h0"), (self.partner_side, HOST_PORT))
        self.address_host("h0")
        self.ovs = OpenVSwitch(self.partner_side, self.directory / "ovs")
        self.ovs.start()
        self.ovs.add_host(HOST_PORT)
        self.tcp_server = TcpServer(self.host, self.directory / "iperf3.out")
        self.write_down()
        return self

    def lay_cables(self, count=2, to_taps=False):
        """From pN to rN each; or to the TAP of a virtual machine."""
        network = self.network
        self.lagg_side, self.partner_side = network.namespace("lagg"), network.namespace("partner")
        # Duplicate address detection would hold a new IPv6 address back for a second or two.
        self.lagg_side.sysctl("net.ipv6.conf.default.accept_dad=0")
        self.cables = [network.cable((self.lagg_side, f"p{n}"),
                                     None if to_taps else (self.partner_side, f"r{n}"))
                       for n in range(1, count + 1)]

    def address_host(self, interface):
        lines = "".join(f"addr add {address} dev {interface}\n" for address in
                        [*(f"{a}/24" for a in HOST4), *(f"{a}/64 nodad" for a in HOST6)])
        run(["ip", "-n", self.host.name, "-batch", "-"],
            text_in=f"link set {interface} up\n{lines}")

    def add_laggd(self, programs):
        self.laggd = Laggd(self.lagg_side, self.directory / "laggd", programs, PORTS)
        return self.laggd

    def ping_streams(self, count=len(HOST4)):
        """`count` streams for each family, IPv4 from the lagg's side and IPv6 from the host's, each
        a flow of its own: the host has an address for every stream."""
        pairs = [(self.lagg_side, LAGG4, address) for address in HOST4[:count]]
        pairs += [(self.host, address, LAGG6) for address in HOST6[:count]]
        streams = PingStreams(pairs, self.directory)
        self._streams.append(streams)
        return streams

    # --- the end ----------------------------------------------------------------------------------

    def programs(self):
        found = [stream.program for streams in self._streams for stream in streams.streams]
        found += [part.program for part in (self.tcp_server, self.laggd, self.testpmd)
                  if part is not None and part.program is not None]
        return [p for p in found + (self.ovs.programs if self.ovs else []) if p.alive]

    def write_down(self):
        """What there is to end, for remove_left_over()."""
        (self.directory / "lab.json").write_text(json.dumps({
            "namespaces": [ns.name for ns in self.network.namespaces.values()],
            "processes": [{"pid": p.pid, "started": p.started, "name": p.name}
                          for p in self.programs()],
        }, indent=1))

    def remove(self):
        for program in self.programs():
            program.stop(timeout=3)
        self.network.remove()
        shutil.rmtree(self.directory, ignore_errors=True)


def remove_left_over(directory):
    """Ends a laboratory that another process left standing; `directory` is the one it named."""
    directory = Path(directory)
    try:
        written = json.loads((directory / "lab.json").read_text())
    except (OSError, ValueError) as error:
        raise LabError(f"{directory} is no laboratory: {error}") from error
    for process in written["processes"]:
        if start_time(process["pid"]) == process["started"]:
            os.kill(process["pid"], signal.SIGTERM)
            wait_for(f"the end of {process['name']}",
                     lambda: start_time(process["pid"]) != process["started"], 8)
    for name in written["namespaces"]:
        remove_namespace(name)
    shutil.rmtree(directory, ignore_errors=True)
