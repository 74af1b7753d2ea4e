"""DPDK's own bonding driver in testpmd: a second LACP implementation nobody here wrote.

It bonds two kernel interfaces of a namespace, in mode 4 (LACP) unless told otherwise, and forwards
between the bond and a TAP, which gets the addresses. net_bonding needs to be polled in both
directions, and its LACPDUs leave only from inside the application's own calls; forwarding in io
mode between exactly these two ports does both. But testpmd sends nothing where it received nothing:
without frames from the TAP no LACPDU leaves, so there always are some. It never asks for the short
timeout.
"""

import re
import signal
import subprocess
from pathlib import Path

from .command import Program, wait_for


class TestPmd:
    """testpmd with a bond over `interfaces`, and the TAP `tap` behind it."""

    __test__ = False

    def __init__(self, namespace, directory, interfaces, tap="bond0", mac="02:00:00:00:b0:01",
                 mode=4):
        self.namespace = namespace
        self.directory = Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.interfaces = interfaces
        self.tap = tap
        self.mac = mac
        self.mode = mode
        self.program = self.chatter = None
        self._told = 0

    def start(self):
        # Members can share the TAP's MAC address; only rp_filter then keeps the kernel from taking
        # every IPv4 packet a second time, from the member itself.
        quiet = [setting for name in self.interfaces for setting in
                 (f"net.ipv6.conf.{name}.disable_ipv6=1", f"net.ipv4.conf.{name}.arp_ignore=8",
                  f"net.ipv4.conf.{name}.rp_filter=1")]
        self.namespace.sysctl(*quiet)
        members = [f"net_af_packet{n},iface={name}" for n, name in enumerate(self.interfaces)]
        # DPDK 22.11's own word for a member.
        bond = f"net_bonding0,mode={self.mode},mac={self.mac}," + ",".join(
            f"slave=net_af_packet{n}" for n in range(len(members)))
        devices = [*members, f"net_tap0,iface={self.tap},mac={self.mac}", bond]
        tap, bonded = len(members), len(members) + 1
        argv = ["stdbuf", "-oL", "dpdk-testpmd", "--no-huge", "-m", "256", "--no-pci",
                "--no-shconf", "--lcores", "(0,1)@(0,1)",
                *(word for device in devices for word in ("--vdev", device)),
                "--", "-i", "--auto-start", "--forward-mode=io", f"--portlist={bonded},{tap}",
                "--total-num-mbufs=8192"]
        self.bonded = bonded
        log = self.directory / "testpmd.out"
        self._told = log.stat().st_size if log.exists() else 0
        self.program = Program("dpdk-testpmd", self.namespace.argv(argv), log,
                               stdin=subprocess.PIPE)
        wait_for("testpmd forwarding", lambda: self.program.must_live() and
                 "io packet forwarding" in self._output(), 20)

    def keep_talking(self, broadcast):
        """Frames from the TAP as long as testpmd runs, to the broadcast address of its network."""
        self.chatter = Program("ping", self.namespace.argv(
            ["ping", "-b", "-q", "-i", "0.1", "-I", self.tap, broadcast]),
            self.directory / "chatter.out")

    def _output(self):
        """What this run of it printed."""
        return self.program.log.read_bytes()[self._told:].decode(errors="replace")

    def command(self, line, until, timeout=5.0):
        """What testpmd prints after a command, up to the text `until`."""
        before = len(self._output())
        self.program.process.stdin.write((line + "\n").encode())
        self.program.process.stdin.flush()
        wait_for(f"testpmd's answer to '{line}'", lambda: until in self._output()[before:], timeout)
        return self._output()[before:]

    def members(self):
        """Numbers of the member ports that carry traffic."""
        text = self.command(f"show bonding config {self.bonded}", "Primary:")
        match = re.search(r"Active \w+ \(\d+\): \[([\d ]*)\]", text)
        return [int(number) for number in match[1].split()] if match else []

    def lacp_members(self):
        """What it knows of each member, in their order: {"actor": {...}, "partner": {...}} with the
        names that laggctl's JSON has, and "state", a list of words. It prints the octets of some
        numbers the other way round, in the order they have on the wire."""
        text = self.command(f"show bonding lacp info {self.bonded}", "testpmd> ")
        parts = re.split(r"^\s*\w+ Port: \d+$", text, flags=re.M)[1:]
        return [{end: _end(text) for end, text in
                 zip(("actor", "partner"), re.split(r"(?:Actor|Partner) detail info:", part)[1:])}
                for part in parts]

    def stop(self, sign=signal.SIGTERM):
        for program in (self.program, self.chatter):
            if program is not None:
                program.stop(sign)
        self.program = self.chatter = None


def _end(text):
    pairs = dict(re.findall(r"^\s*([a-z ]+): (.*?)\s*$", text, re.M))

    def number(name):
        return int.from_bytes(int(pairs[name]).to_bytes(2, "little"), "big")

    return {"system": pairs["system mac address"].lower(),
            "system_priority": number("system priority"), "key": number("port key"),
            "port_priority": number("port priority"), "port": number("port number"),
            "state": pairs["port state"].lower().split()}
