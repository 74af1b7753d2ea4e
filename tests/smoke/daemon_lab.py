"""A laboratory for what the daemon does as a program: cables whose far ends the test itself holds,
configurations of any shape, laggctl with its exit code."""

import json
import os
import signal
import subprocess
import time

from smoke import LAGG4, LAGG6, LabTest, programs, traffic
from wire import LacpPartner

from lab.command import Program, run, wait_for
from lab.laboratory import PARTNER_PORTS, PORTS
from lab.laggd import Laggd, config_text

LACP_FAST = {"protocol": "lacp", "lacp": {"rate": "fast"}}
UP_LIMIT = 10


def af_packet(interface, more=""):
    return {"name": interface, "device": f"net_af_packet_{interface},iface={interface}{more}"}


def null_port(name):
    return {"name": name, "device": f"net_null_{name}"}


class Answer:
    """How a program ended, and what it said."""

    def __init__(self, argv, timeout=30, env=None):
        begun = time.monotonic()
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout,
                              env={**os.environ, **(env or {})})
        self.seconds = time.monotonic() - begun
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr


class Daemon(Laggd):
    """laggd with any configuration, and a DPDK runtime directory that is the test's own."""

    def __init__(self, namespace, directory, name="lagg0"):
        super().__init__(namespace, directory, programs, PORTS, name)
        self.runtime = self.directory / "runtime"
        self.env = {"RUNTIME_DIRECTORY": str(self.runtime)}
        self.runtime.mkdir(exist_ok=True)

    def write(self, ports, *laggs, **daemon):
        """Ports as dicts or as names of kernel interfaces; a lagg without a name is lagg0, and one
        without ports has all of them."""
        ports = [af_packet(port) if isinstance(port, str) else port for port in ports]
        names = [port["name"] for port in ports]
        self.config.write_text(config_text(
            {"memory": "none", "api": str(self.socket), "log": "debug", **daemon}, ports,
            [{"name": self.name, "ports": names, **lagg} for lagg in laggs]))

    def argv(self, *more):
        environment = [f"{name}={value}" for name, value in self.env.items()]
        return self.namespace.argv(["env", *environment, str(self.programs.laggd),
                                    "-c", str(self.config), *more])

    def start(self):
        self.program = Program("laggd", self.argv(), self.log)

    def start_and_wait(self):
        """Until it says that it runs; then every device was tried."""
        before = self.log.stat().st_size if self.log.exists() else 0
        self.start()
        wait_for("laggd running", lambda: self.program.must_live() and
                 " running " in self.log_since(before), 20)

    def kill(self):
        self.program.stop(signal.SIGKILL)
        self.program = None

    def log_since(self, offset):
        return self.log.read_bytes()[offset:].decode(errors="replace")

    def ctl(self, *arguments):
        return Answer([str(self.programs.laggctl), "--socket", str(self.socket), *arguments])

    def lagg(self, name=None):
        self.program.must_live()
        laggs = (self.get() or {}).get("laggs", [])
        return next((lagg for lagg in laggs if lagg["name"] == (name or self.name)), None)

    def port(self, name):
        """One port of our lagg."""
        return next(port for port in self.lagg()["ports"] if port["name"] == name)


class DaemonTest(LabTest):
    """Two cables, laggd's ends p1 and p2 on the one side and r1 and r2 on the other, where
    nobody is yet."""

    def setUp(self):
        super().setUp()
        self.laggd = self.lab.laggd = Daemon(self.lab.lagg_side, self.lab.directory / "laggd")
        self.inside = self.lab.lagg_side

    def build(self):
        self.lab.lay_cables()

    def more_cables(self, *numbers):
        """Cables from pN to rN."""
        for number in numbers:
            self.lab.cables.append(self.lab.network.cable(
                (self.lab.lagg_side, f"p{number}"), (self.lab.partner_side, f"r{number}")))

    def partner(self, interfaces=PARTNER_PORTS):
        """A LACP partner until the end of the test."""
        partner = LacpPartner(self.lab.partner_side, interfaces)
        self.addCleanup(partner.stop)
        return partner

    def bridge_partner(self, interfaces, addresses=("192.0.2.11/24", "2001:db8::11/64")):
        """A switch without any link aggregation, with addresses of its own."""
        side = self.lab.partner_side
        side.run(["ip", "link", "add", "br0", "type", "bridge", "mcast_snooping", "0"])
        for interface in interfaces:
            side.run(["ip", "link", "set", interface, "master", "br0"])
        for address in addresses:
            side.run(["ip", "addr", "add", address, "dev", "br0",
                      *(["nodad"] if ":" in address else [])])
        side.run(["ip", "link", "set", "br0", "up"])

    def widen(self, mtu, *interfaces):
        """Raises the MTU of everything that is not laggd's: the cables, and (namespace, interface)
        each of `interfaces`."""
        middle = [(cable.middle, name) for cable in self.lab.cables
                  for name in (cable.bridge, *cable.ends)]
        for namespace, name in [*middle, *interfaces]:
            run(["ip", "-n", namespace.name, "link", "set", name, "mtu", str(mtu)])

    # --- what the kernel says ---------------------------------------------------------------------

    def link(self, name="lagg0", namespace=None):
        """`ip link` about one interface; None when there is none."""
        where = (namespace or self.inside).name
        rows = json.loads(run(["ip", "-n", where, "-d", "-j", "link", "show"]) or "[]")
        return next((row for row in rows if row.get("ifname") == name), None)

    def carrier(self, name="lagg0"):
        return self.inside.carrier(name)

    def wait_carrier(self, up, timeout=5):
        wait_for(f"lagg0 {'with' if up else 'without'} carrier", lambda: self.carrier() == up,
                 timeout)

    def addresses(self, name="lagg0"):
        """Addresses with their prefix lengths, without the link-local ones."""
        rows = json.loads(run(["ip", "-n", self.inside.name, "-j", "addr", "show", "dev", name]))
        return {f"{info['local']}/{info['prefixlen']}" for row in rows
                for info in row.get("addr_info", []) if info["scope"] == "global"}

    def mtus(self, *names):
        links = self.inside.links()
        return [links[name]["mtu"] for name in names]

    # --- steps ------------------------------------------------------------------------------------

    def reload(self):
        """By laggctl, which answers when it is done."""
        answer = self.laggd.ctl("reload")
        self.assertEqual(answer.code, 0, answer.err)

    def refused(self):
        """A reload that must fail: laggctl's answer."""
        answer = self.laggd.ctl("reload")
        self.assertEqual(answer.code, 6, f"{answer.out}{answer.err}")
        return answer

    def assert_large_ping(self, mtu, address="192.0.2.11", namespace=None, overhead=28):
        """A ping that fills the MTU and may not be cut in pieces; `overhead` is that of IPv4 and
        ICMP."""
        wait_for(f"a ping of {mtu} octets", lambda: "1 received" in (namespace or self.inside).run(
            ["ping", "-n", "-c", "1", "-W", "1", "-M", "do", "-s", str(mtu - overhead), address],
            check=False), 5)

    def assert_answers(self, address="192.0.2.11", namespace=None, timeout=5):
        wait_for(f"a ping of {address}",
                 lambda: traffic.answers(namespace or self.inside, address, 1) == 1, timeout)


LAGG_ALIASES = [f"{LAGG4}/24", f"{LAGG6}/64"]
