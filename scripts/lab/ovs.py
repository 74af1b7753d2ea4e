"""Open vSwitch wholly in user space, as the partner of a lagg.

Its database, sockets and logs live in the laboratory's directory; the system's own Open vSwitch, if
any, is not touched. Status is asked for on the daemon's control socket directly, because a process
per question would be too slow to time events with.
"""

import itertools
import json
import re
import signal
import socket
from pathlib import Path

from .command import LabError, Program, run, wait_for

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
BRIDGE = "br0"
BOND = "bond0"


class OpenVSwitch:
    """A bridge with one host port and, towards the lagg, one of the partners below."""

    def __init__(self, namespace, directory):
        self.namespace = namespace
        self.directory = Path(directory)
        self.directory.mkdir(exist_ok=True)
        where = str(self.directory)
        self.env = {"OVS_RUNDIR": where, "OVS_LOGDIR": where, "OVS_DBDIR": where}
        self.programs = []
        self._ports = []
        self._ids = itertools.count()

    # --- the daemons ------------------------------------------------------------------------------

    def start(self):
        database = self.directory / "conf.db"
        run(["ovsdb-tool", "create", str(database), SCHEMA])
        self._daemon("ovsdb-server", str(database), f"--remote=punix:{self.directory}/db.sock",
                     "--unixctl", str(self.directory / "db.ctl"))
        wait_for("the socket of ovsdb-server", (self.directory / "db.sock").exists, 10)
        self.vsctl("--no-wait", "init")
        self.start_again()
        self.vsctl("add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=netdev",
                   "fail-mode=standalone")

    def start_again(self):
        """The switch alone; its configuration is in the database."""
        control = self.directory / "vswitchd.ctl"
        control.unlink(missing_ok=True)
        self._daemon("ovs-vswitchd", f"unix:{self.directory}/db.sock", "--unixctl", str(control))
        wait_for("the socket of ovs-vswitchd",
                 lambda: self.programs[-1].must_live() and control.exists(), 10)

    def kill(self):
        """The switch, but not its database, ends without a word."""
        self.programs.pop().stop(signal.SIGKILL)

    def _daemon(self, name, *arguments):
        argv = self.namespace.argv([name, *arguments])
        self.programs.append(Program(name, argv, self.directory / f"{name}.out", self.env))

    def stop(self):
        for program in reversed(self.programs):
            program.stop(signal.SIGTERM)
        self.programs.clear()

    def vsctl(self, *arguments):
        return run(["ovs-vsctl", f"--db=unix:{self.directory}/db.sock", "--timeout=10", *arguments],
                   timeout=12, env=self.env)

    def ofctl(self, *arguments):
        verb, *rest = arguments
        bridge = f"unix:{self.directory}/{BRIDGE}.mgmt"
        return run(["ovs-ofctl", "-O", "OpenFlow15", verb, bridge, *rest], env=self.env)

    def ask(self, method, *params):
        """What `ovs-appctl METHOD` prints."""
        question = json.dumps({"id": next(self._ids), "method": method, "params": list(params)})
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(5)
            link.connect(str(self.directory / "vswitchd.ctl"))
            link.sendall(question.encode())
            text = b""
            while True:
                piece = link.recv(65536)
                text += piece
                try:
                    answer = json.loads(text)
                    break
                except ValueError:
                    if not piece:
                        raise LabError(f"ovs-vswitchd gave no answer to {method}") from None
        if answer["error"] is not None:
            raise LabError(f"ovs-appctl {method}: {answer['error'].strip()}")
        return answer["result"]

    # --- partners ---------------------------------------------------------------------------------

    def add_host(self, interface):
        self.vsctl("add-port", BRIDGE, interface)

    def partner_lacp(self, ports, active=True, fast=True, mode="balance-tcp"):
        self._partner_bond(ports, f"bond_mode={mode}", f"lacp={'active' if active else 'passive'}",
                           f"other_config:lacp-time={'fast' if fast else 'slow'}")

    def partner_two_of_one(self, ports):
        """LACP on each port for itself: the ports want to be in different aggregates."""
        self.partner_nothing()
        for number, port in enumerate(ports):
            self.vsctl("add-port", BRIDGE, port, "--", "set", "port", port, "lacp=active",
                       "other_config:lacp-time=fast", "--", "set", "interface", port,
                       f"other_config:lacp-aggregation-key={number + 1}")
        self._ports = list(ports)

    def partner_active_backup(self, ports):
        """One active port, the first while it has a carrier; what comes in on the other is
        dropped."""
        self._partner_bond(ports, "bond_mode=active-backup", "lacp=off",
                           f"other_config:bond-primary={ports[0]}")

    def _partner_bond(self, ports, *settings):
        self.partner_nothing()
        self.vsctl("add-bond", BRIDGE, BOND, *ports, "--", "set", "port", BOND, *settings)
        self._ports = [BOND]

    def partner_static(self, ports, host):
        """A static aggregate without a protocol, as a select group: flows are spread over the ports
        that have a carrier by their hash, and frames from either port go to the host.

        Not a bond: balance-tcp carries nothing without LACP, and balance-slb drops broadcasts that
        come in on any port but one, while a lagg may send an ARP request on each.
        """
        self.partner_nothing()
        for port in ports:
            self.vsctl("add-port", BRIDGE, port)
        self._ports = list(ports)
        buckets = ",".join(f"bucket=bucket_id:{n},watch_port:{port},output:{port}"
                           for n, port in enumerate(ports))
        self.ofctl("add-group", f"group_id=1,type=select,selection_method=dp_hash,{buckets}")
        self.ofctl("del-flows")
        for port in ports:
            self.ofctl("add-flow", f"in_port={port},actions=output:{host}")
        self.ofctl("add-flow", f"in_port={host},actions=group:1")

    def partner_nothing(self):
        """Back to a bridge with the host alone, switching by addresses."""
        for port in self._ports:
            self.vsctl("--if-exists", "del-port", BRIDGE, port)
        self._ports = []
        self.ofctl("del-groups")
        self.ofctl("del-flows")
        self.ofctl("add-flow", "actions=NORMAL")

    # --- what it sees -----------------------------------------------------------------------------

    def lacp_members(self):
        """{port: {"status": "current attached" | "expired attached" | ..., "actor state": ...,
        ...}}"""
        return self._members(self.ask("lacp/show", BOND))

    def enabled_members(self):
        """Ports of the bond that carry traffic."""
        members = re.findall(r"^member (\S+): (\w+)", self.ask("bond/show", BOND), re.M)
        return [name for name, state in members if state == "enabled"]

    @staticmethod
    def _members(text):
        found, current = {}, None
        for line in text.splitlines():
            if match := re.match(r"^member: (\S+): (.*)", line):
                current = found.setdefault(match[1], {"status": match[2].strip()})
            elif current is not None and ": " in line:
                key, value = line.strip().split(": ", 1)
                current[key] = value
        return found
