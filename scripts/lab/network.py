"""Network namespaces, and cables between them that can be pulled or broken silently.

A cable is a Linux bridge in a namespace of its own between two veth pairs. That gives both faults
that matter to link aggregation: a pulled cable takes the carrier from both far ends, and a silent
break (both bridge ports isolated) leaves the carrier and swallows every frame, LACPDUs and data
alike.
"""

import itertools
import json
import os
import re
import signal
from pathlib import Path

from .command import LabError, run

# The reserved group address of LACP is 01-80-C2-00-00-02; a bridge passes it on only when this bit
# is set.
FORWARD_LACP = "4"
MIDDLE_ENDS = ("a", "b")
# Names of namespaces, with the process that made them.
OURS = re.compile(r"(?:lagg|failover|capture|hall|readme)(\d+)(?:x\d+)*-\w+")


class Namespace:
    """One network namespace; `name` is unique on this machine, `role` within the laboratory."""

    def __init__(self, name, role):
        self.name = name
        self.role = role
        run(["ip", "netns", "add", name])
        self.run(["ip", "link", "set", "lo", "up"])

    def argv(self, argv):
        """The command line that runs `argv` inside."""
        return ["ip", "netns", "exec", self.name, *argv]

    def run(self, argv, timeout=10.0, check=True, **more):
        return run(self.argv(argv), timeout, check, **more)

    def sysctl(self, *settings):
        """Settings as "net.ipv4.conf.p1.arp_ignore=8"."""
        self.run(["sysctl", "-qw", *settings])

    def silence_new_interfaces(self):
        """Interfaces made from now on speak no IPv6 and answer no ARP of their own accord."""
        self.sysctl("net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1",
                    "net.ipv4.conf.all.arp_ignore=8")

    def links(self):
        """Everything `ip -s link` knows, by interface name."""
        rows = json.loads(run(["ip", "-n", self.name, "-j", "-s", "link", "show"]) or "[]")
        return {row["ifname"]: row for row in rows if "ifname" in row}

    def carrier(self, interface):
        return "LOWER_UP" in self.links()[interface]["flags"]

    def remove(self):
        remove_namespace(self.name)


def remove_namespace(name):
    """Ends what still runs in a namespace of ours, a client whose server went away for example, and
    removes it."""
    for pid in run(["ip", "netns", "pids", name], check=False).split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass
    run(["ip", "netns", "del", name], check=False)


def remove_abandoned():
    """Namespaces of runs that were killed: whoever made them is gone, and so is everything in
    them. Those that scripts/demo --keep left standing have processes."""
    for line in run(["ip", "netns", "list"], check=False).splitlines():
        name = line.split()[0]
        made_by = OURS.fullmatch(name)
        if made_by and not Path(f"/proc/{made_by[1]}").exists() and not run(["ip", "netns", "pids",
                                                                             name], check=False):
            run(["ip", "netns", "del", name], check=False)


class Cable:
    """A cable from `left` to `right`, each a (namespace, interface name) that is made here. Without
    `right` its right end is a TAP in the middle, for a guest's NIC: a pulled cable then takes the
    carrier from the left end only, and the guest's has to be taken by its virtual machine."""

    def __init__(self, network, number, left, right):
        self.number = number
        self.name = f"cable {number}"
        self.middle = network.namespace("wires")
        self.left = left
        self.right = right
        self.bridge = f"c{number}"
        self.ends = [self.bridge + end for end in MIDDLE_ENDS]
        at = self.middle.name
        run(["ip", "-n", at, "link", "add", self.bridge, "type", "bridge", "stp_state", "0",
             "mcast_snooping", "0", "ageing_time", "0"])
        for far, end in zip((left, right), self.ends):
            if far is None:
                self._tap(end)
            else:
                network.veth(far, (self.middle, end))
            run(["ip", "-n", at, "link", "set", end, "master", self.bridge])
            self.middle.run(["sh", "-c",
                             f"echo {FORWARD_LACP} > /sys/class/net/{end}/brport/group_fwd_mask"])
            run(["bridge", "-n", at, "link", "set", "dev", end, "learning", "off"])
        run(["ip", "-n", at, "link", "set", self.bridge, "up"])

    def _tap(self, name):
        """Persistent, so that it outlives the virtual machine behind it."""
        for what in (["tuntap", "add", name, "mode", "tap"], ["link", "set", name, "up"]):
            run(["ip", "-n", self.middle.name, *what])

    def _middle(self, *what):
        """One `ip` for both ends, so that the two sides see it within the same millisecond."""
        lines = "".join(f"link set dev {end} {' '.join(what)}\n" for end in self.ends)
        run(["ip", "-n", self.middle.name, "-batch", "-"], text_in=lines)

    def _bridge(self, end, what):
        run(["bridge", "-n", self.middle.name, "link", "set", "dev", end, *what.split()])

    def pull(self):
        """Both far ends lose their carrier."""
        self._middle("down")

    def plug(self):
        self._middle("up")

    def break_one_way(self, end):
        """Nothing comes out at one end (0: left, 1: right) any more; the other way still works."""
        self._flood(end, "off")

    def heal_one_way(self, end):
        self._flood(end, "on")

    def _flood(self, end, state):
        # The bridge has learned no address, so every frame is one of these three to it.
        self._bridge(self.ends[end], f"flood {state} mcast_flood {state} bcast_flood {state}")

    def break_silently(self):
        """Nothing passes any more, and neither end can see it."""
        for end in self.ends:
            self._bridge(end, "isolated on")

    def heal(self):
        for end in self.ends:
            self._bridge(end, "isolated off")


class Network:
    """All namespaces and cables of one laboratory; `ident` makes their names unique."""

    def __init__(self, ident):
        remove_abandoned()
        self.ident = ident
        self.namespaces = {}
        self.cables = []
        self._index = itertools.count(101)

    def namespace(self, role):
        if role not in self.namespaces:
            made = Namespace(f"{self.ident}-{role}", role)
            self.namespaces[role] = made
            if role == "wires":
                made.silence_new_interfaces()
        return self.namespaces[role]

    def veth(self, left, right, same_number=False):
        """A veth pair between two (namespace, interface name), up, without offloads.

        The two get different interface numbers: the kernel reports a lost carrier at once only for
        interfaces whose own number differs from their peer's, and up to a second late otherwise,
        as it does for a NIC. With `same_number` the pair behaves like one. Offloads are off
        because a user-space program at one end would else see frames without checksums and longer
        than the MTU.
        """
        (left_ns, left_name), (right_ns, right_name) = left, right
        number = next(self._index)
        run(["ip", "link", "add", left_name, "index", str(number), "netns", left_ns.name,
             "type", "veth", "peer", "name", right_name, "index",
             str(number if same_number else next(self._index)), "netns", right_ns.name])
        for namespace, name in (left, right):
            namespace.run(["ethtool", "-K", name, "tx", "off", "rx", "off", "tso", "off",
                           "gso", "off", "gro", "off"])
            run(["ip", "-n", namespace.name, "link", "set", name, "up"])

    def cable(self, left, right=None):
        made = Cable(self, len(self.cables) + 1, left, right)
        self.cables.append(made)
        return made

    def carried(self):
        """What each cable took in so far: [{"left": {"packets", "bytes"}, "right": ...}], where
        "left" counts what the left side sent. Counted in the middle, so neither side can embellish
        it."""
        links = self.namespace("wires").links()
        return [{side: {kind: links[end]["stats64"]["rx"][kind] for kind in ("packets", "bytes")}
                 for side, end in zip(("left", "right"), cable.ends)} for cable in self.cables]

    def remove(self):
        for namespace in self.namespaces.values():
            namespace.remove()
        self.namespaces.clear()
        self.cables.clear()


def carried_between(before, after, side, kind="packets"):
    """How much each cable took in from `side` between two calls of Network.carried()."""
    if len(before) != len(after):
        raise LabError("cables were added between the two readings")
    return [late[side][kind] - early[side][kind] for early, late in zip(before, after)]
