"""Every LACP partner that the tests have, behind one shape: built with some number of cables,
told what to be, broken, killed, and asked what it sees.

A partner's view of a link has the names of laggctl's JSON, so that the two can be compared.
"""

import signal
from dataclasses import dataclass

from daemon_lab import Daemon
from smoke import HOST4, HOST6, OUTAGE_LIMIT, LabError, wait_for

from lab.guest_kernel import guest_kernel
from lab.linux_bonding import LinuxBonding
from lab.testpmd import TestPmd

ADDRESSES = [*(f"{address}/24" for address in HOST4), *(f"{address}/64" for address in HOST6)]
BROADCAST = "192.0.2.255"
# Names of the bits of the state octet, from the lowest on, in laggctl, Open vSwitch and testpmd.
LAGGCTL_FLAGS = "ASGNCDFE"
OVS_WORDS = ["activity", "timeout", "aggregation", "synchronized", "collecting", "distributing",
             "defaulted", "expired"]
TESTPMD_WORDS = ["active", "timeout", "aggregation", "synchronization", "collecting",
                 "distributing", "defaulted", "expired"]
DISTRIBUTING = 0x20


def octet(words, names):
    """The state octet of a list of words (or letters)."""
    return sum(1 << bit for bit, name in enumerate(names) if name in words)


@dataclass
class Told:
    """What one side says of one link: whether it sends there, both ends, and the aggregate the link
    is in (None when it does not say)."""
    carrying: bool
    actor: dict
    partner: dict
    aggregate: object = None


class Partner:
    """Cables from p1, p2, ... to it are laid when it is made; then bond() and start() as often as
    wanted."""

    NAME = ""
    UP_LIMIT = 8              # seconds from link up to traffic, on a loaded machine
    AGREE_LIMIT = 5           # and from then on until its last LACPDU came
    OUTAGE_LIMIT = OUTAGE_LIMIT
    CAN_BE_PASSIVE = True
    CAN_BE_FAST = True
    SEES_CARRIER = True

    def __init__(self, lab, count):
        self.lab = lab
        self.count = count    # of cables
        self.bonded = 0       # of them in the bond
        self.lay_cables()

    def lay_cables(self):
        self.lab.lay_cables(self.count)

    def bond(self, links, active, fast):
        """Is a partner with the first `links` cables, in place of what it was. It need not run
        before."""
        raise NotImplementedError

    def kill(self):
        """Ends without a word to anybody; the carriers stay."""
        raise NotImplementedError

    def start_again(self):
        """With what bond() said last."""
        raise NotImplementedError

    def told(self):
        """A Told for each link of the bond, in order."""
        raise NotImplementedError

    def carrying(self):
        """Numbers of the links (from 0) on which it sends."""
        return [number for number, link in enumerate(self.told()) if link.carrying]

    def pull(self, number):
        self.lab.cables[number].pull()

    def plug(self, *numbers):
        for number in numbers:
            self.lab.cables[number].plug()

    def heal(self):
        """Every cable as it was."""
        for cable in self.lab.cables:
            cable.heal()
        self.plug(*range(self.count))

    def stop(self):
        """The laboratory ends whatever it started itself."""


class OpenVSwitch(Partner):
    NAME = "Open vSwitch"

    def lay_cables(self):
        self.lab.build(self.count)

    def bond(self, links, active, fast):
        self.bonded = links
        self.lab.ovs.partner_lacp([f"r{n}" for n in range(1, links + 1)], active, fast)

    def kill(self):
        self.lab.ovs.kill()

    def start_again(self):
        self.lab.ovs.start_again()
        wait_for("the bond of Open vSwitch", self._has_bond, 10)

    def _has_bond(self):
        """Its daemon answers before it has read its database."""
        try:
            return len(self.lab.ovs.lacp_members()) == self.bonded
        except (LabError, OSError):
            return False

    def told(self):
        sending = self.lab.ovs.enabled_members()
        return [Told(name in sending, self._end(link, "actor"), self._end(link, "partner"))
                for name, link in sorted(self.lab.ovs.lacp_members().items())]

    @staticmethod
    def _end(link, side):
        return {"system_priority": int(link[f"{side} sys_priority"]),
                "system": link[f"{side} sys_id"], "key": int(link[f"{side} key"]),
                "port_priority": int(link[f"{side} port_priority"]),
                "port": int(link[f"{side} port_id"]),
                "state": octet(link.get(f"{side} state", "").split(), OVS_WORDS)}


class NetBonding(Partner):
    """It never asks for the short timeout, so it may keep a dead cable for 90 s; and over AF_PACKET
    it sees no carrier."""

    NAME = "DPDK net_bonding"
    UP_LIMIT = 12
    CAN_BE_PASSIVE = CAN_BE_FAST = SEES_CARRIER = False

    def lay_cables(self):
        super().lay_cables()
        self.lab.host = self.lab.partner_side
        self.lab.host.sysctl("net.ipv6.conf.default.accept_dad=0")

    def bond(self, links, active, fast):
        assert active and not fast
        self.bonded = links
        self.kill()
        self.lab.testpmd = TestPmd(self.lab.partner_side, self.lab.directory / "testpmd",
                                   [f"r{n}" for n in range(1, links + 1)])
        self.start_again()

    def kill(self):
        if self.lab.testpmd is not None:
            self.lab.testpmd.stop(signal.SIGKILL)

    def start_again(self):
        self.lab.testpmd.start()
        self.lab.address_host(self.lab.testpmd.tap)
        self.lab.testpmd.keep_talking(BROADCAST)

    def told(self):
        sending = self.lab.testpmd.members()
        return [Told(number in sending, *({**link[side], "state": octet(link[side]["state"],
                                                                      TESTPMD_WORDS)}
                                          for side in ("actor", "partner")))
                for number, link in enumerate(self.lab.testpmd.lacp_members())]

    def stop(self):
        self.kill()


class Linux(Partner):
    """The guest boots once; a bond is a new one each time. In the first 8 s of a bond no link of it
    carries traffic, so that it can choose among several aggregators."""

    NAME = "Linux bonding"
    UP_LIMIT = 14
    OUTAGE_LIMIT = 1.5  # a guest in software emulation stands still now and then

    def lay_cables(self):
        self.lab.lay_cables(self.count, to_taps=True)
        self.guest = LinuxBonding(self.lab.directory / "guest", guest_kernel(), self.lab.cables)
        self.guest.start()

    def bond(self, links, active, fast):
        self.bonded = links
        self._wanted = (links, active, fast, ADDRESSES)
        self.guest.bond(*self._wanted)

    def kill(self):
        self.guest.stop()

    def start_again(self):
        self.guest.start()
        self.guest.bond(*self._wanted)

    def told(self):
        """Nothing is known of a link whose member has no aggregator."""
        members = self.guest.told()["members"]
        return [Told(bool(link["actor"]) and link["mii"] == "up"
                     and link["actor"]["state"] & DISTRIBUTING != 0,
                     link["actor"], link["partner"], link["aggregator"])
                for _, link in sorted(members.items())]

    def pull(self, number):
        super().pull(number)
        self.guest.machine.set_link(number, False)

    def plug(self, *numbers):
        super().plug(*numbers)
        for number in numbers:
            self.guest.machine.set_link(number, True)

    def stop(self):
        self.guest.stop()


class SecondLaggd(Partner):
    """Ours on both ends."""

    NAME = "a second laggd"

    def __init__(self, lab, count):
        super().__init__(lab, count)
        lab.partner_side.sysctl("net.ipv6.conf.default.accept_dad=0")
        self.daemon = Daemon(lab.partner_side, lab.directory / "partner")

    def bond(self, links, active, fast, backwards=False, **lacp):
        """`backwards`: the last cable leads to its port number 1. `lacp`: more keys of its
        configuration."""
        self.bonded = links
        self.daemon.stop()
        ports = [f"r{n}" for n in range(1, links + 1)]
        self.daemon.write(ports[::-1] if backwards else ports, {
            "protocol": "lacp", "aliases": ADDRESSES, "hash": "layer3+4",
            "lacp": {"mode": "active" if active else "passive",
                     "rate": "fast" if fast else "slow", **lacp}})
        self.daemon.start_and_wait()

    def kill(self):
        self.daemon.kill()

    def start_again(self):
        self.daemon.start_and_wait()

    def told(self):
        lagg = self.daemon.lagg()
        return told_by_laggd({"ports": sorted(lagg["ports"], key=lambda port: port["name"])})

    def stop(self):
        self.daemon.stop()


def told_by_laggd(lagg):
    """A Told for each port, from the API's JSON of a lagg."""
    def end(port, side):
        return {**{key: value for key, value in port["lacp"][side].items() if key != "flags"},
                "system": port["lacp"][side]["system"].lower(),
                "state": octet(port["lacp"][side]["flags"], LAGGCTL_FLAGS)}

    return [Told(port["distributing"], end(port, "actor"), end(port, "partner"),
                 port["lacp"]["aggregator"]) for port in lagg["ports"]]
