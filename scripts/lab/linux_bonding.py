"""The Linux bonding driver in a guest: a third LACP implementation nobody here wrote.

It bonds NICs of the guest in mode 802.3ad, and the host's addresses are on the bond. Everything is
set in /sys and read in /proc/net/bonding/bond0.
"""

import re

from .vm import CabledMachine, Nic

BOND = "bond0"
SYSTEM = "02:00:00:00:c0:00"
SYSTEM_PRIORITY = 4660
USER_KEY = 7
WHERE = f"/sys/class/net/{BOND}/bonding"
NUMBERS = {"system priority": "system_priority", "port priority": "port_priority",
           "port number": "port", "port state": "state", "port key": "key", "oper key": "key"}


class BondingMachine(CabledMachine):
    MODULES = ["virtio_pci", "virtio_net", "bonding"]


class LinuxBonding:
    """A guest with a NIC at each of `cables`, whose right ends are TAPs. No bond is made yet."""

    def __init__(self, directory, kernel, cables):
        self.machine = BondingMachine(
            cables[0].middle, directory, kernel,
            [Nic(cable.ends[1], f"02:00:00:00:c0:{cable.number:02x}") for cable in cables])

    def start(self):
        self.machine.start()

    def stop(self):
        self.machine.stop()

    def bond(self, count, active, fast, addresses):
        """A new bond of the first `count` NICs in place of the old one, with `addresses` (each with
        its prefix length)."""
        settings = {"mode": "802.3ad", "miimon": 20, "lacp_rate": "fast" if fast else "slow",
                    "lacp_active": "on" if active else "off", "xmit_hash_policy": "layer3+4",
                    "ad_actor_sys_prio": SYSTEM_PRIORITY, "ad_actor_system": SYSTEM,
                    "ad_user_port_key": USER_KEY}
        lines = [f"echo -{BOND} > /sys/class/net/bonding_masters",
                 f"echo +{BOND} > /sys/class/net/bonding_masters",
                 *(f"echo {value} > {WHERE}/{name}" for name, value in settings.items()),
                 f"ip link set {BOND} address {SYSTEM[:-1]}f up"]
        for number in range(count):
            lines += [f"ip link set eth{number} down", f"echo +eth{number} > {WHERE}/slaves"]
        lines += [f"ip addr add {address} dev {BOND}" for address in addresses]
        for line in lines:
            self.machine.run(line)

    def told(self):
        return parsed(self.machine.run(f"cat /proc/net/bonding/{BOND}"))


def parsed(text):
    """/proc/net/bonding/bond0 as {"active": {name: value}, "members": {interface: {"mii",
    "aggregator", "actor": {...}, "partner": {...}}}}, the two ends with the names that laggctl's
    JSON has for them, and "state", the octet. A member without an aggregator has no ends."""
    head, *members = re.split(r"^\w+ Interface: ", text, flags=re.M)
    return {"active": _pairs(head.partition("Active Aggregator Info:")[2]),
            "members": {part.split("\n", 1)[0]: _member(part) for part in members}}


def _pairs(text):
    return {key.strip(): value.strip() for key, found, value in
            (line.partition(": ") for line in text.splitlines()) if found}


def _member(text):
    general, found, ends = text.partition("details actor lacp pdu:")
    actor, _, partner = ends.partition("details partner lacp pdu:")
    pairs = _pairs(general)
    if not found:
        return {"mii": pairs["MII Status"], "aggregator": None, "actor": None, "partner": None}
    return {"mii": pairs["MII Status"], "aggregator": int(pairs["Aggregator ID"]),
            "actor": _end(actor), "partner": _end(partner)}


def _end(text):
    pairs = _pairs(text)
    return {"system": pairs["system mac address"].lower(),
            **{ours: int(pairs[theirs]) for theirs, ours in NUMBERS.items() if theirs in pairs}}
