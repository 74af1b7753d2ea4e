#!/usr/bin/env python3
"""Makes tests/data/captured.pcap anew: what two Linux network stacks say to each other, for the
parser's tests.

Usage: capture_corpus.py FILE [LINK...]

Two network namespaces with a cable between them; over it ARP and neighbour discovery, pings, TCP
and UDP with and without options and fragments, plain, in VLANs and in every tunnel that this
kernel has, or only those that are named. Which it has not is said. Needs root."""

import os
import sys
import tempfile
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(SCRIPTS))

from lab.command import LabError, Program, run, wait_for  # noqa: E402
from lab.network import Network  # noqa: E402

SNAPPED = 160  # enough for extension headers within VXLAN over IPv6
LARGEST = 150_000  # of the file, which is in the repository
CABLE = "wire"
HEADER = 24        # of a pcap file

# Name, and what `ip link add` wants to hear; {me} and {you} are the addresses of the cable.
VLANS = {
    "vlan": "link {cable} name vlan type vlan id 5",
    "outer": "link {cable} name outer type vlan proto 802.1ad id 100",
    "inner": "link outer name inner type vlan id 10",
}
TUNNELS = {
    "vxlan": "type vxlan id 42 dstport 4789 local {me4} remote {you4}",
    "vxlan6": "type vxlan id 43 dstport 4789 local {me6} remote {you6}",
    "vxlanold": "type vxlan id 44 dstport 8472 local {me4} remote {you4}",
    "geneve": "type geneve id 42 remote {you4}",
    "gretap": "type gretap local {me4} remote {you4}",
    "gre": "type gre local {me4} remote {you4} key 7",
    "ipip": "type ipip local {me4} remote {you4}",
    "sit": "type sit local {me4} remote {you4}",
    "ip6tnl": "type ip6tnl mode any local {me6} remote {you6}",
}
LINKS = {**VLANS, **TUNNELS}
ONLY_IPV4, ONLY_IPV6 = {"ipip"}, {"sit"}


def addresses(number, end):
    return f"10.77.{number}.{end}", f"fd77:{number}::{end}"


class Side:
    """One end of the cable."""

    def __init__(self, namespace, end):
        self.namespace = namespace
        self.end = end

    def ip(self, *what):
        return run(["ip", "-n", self.namespace.name, *what])

    def address(self, interface, number):
        """Up, with addresses; small enough that what is around it in a tunnel fits the cable."""
        if number > 0:
            self.ip("link", "set", interface, "mtu", "1400")
        four, six = addresses(number, self.end)
        self.ip("address", "add", f"{four}/24", "dev", interface)
        self.ip("address", "add", f"{six}/64", "dev", interface, "nodad")
        self.ip("link", "set", interface, "up")

    def add(self, interface, what):
        """False where this kernel does not know the kind."""
        me4, me6 = addresses(0, self.end)
        you4, you6 = addresses(0, 3 - self.end)
        words = what.format(cable=CABLE, me4=me4, me6=me6, you4=you4, you6=you6).split()
        named = words if "name" in words else ["name", interface, *words]
        try:
            self.ip("link", "add", *named)
        except LabError:
            return False
        return True


def make_links(sides, wanted):
    """Addresses on the cable and on everything over it; the names of what is there and what is
    not."""
    for side in sides:
        side.address(CABLE, 0)
    made, absent = ["cable"], []
    for interface, what in LINKS.items():
        if interface not in wanted:
            continue
        if not all([side.add(interface, what) for side in sides]):
            absent.append(interface)
            continue
        for side in sides:
            side.address(interface, len(made))
        made.append(interface)
    return made, absent


def targets_over(link, number, end):
    """The addresses that can be reached over a link."""
    four, six = addresses(number, end)
    return [four] * (link not in ONLY_IPV6) + [six] * (link not in ONLY_IPV4)


def converse(side, links):
    """Everything from this side to the other, over every link."""
    talk = str(SCRIPTS / "lab" / "talk.py")
    for number, link in enumerate(links):
        targets = targets_over(link, number, 3 - side.end)
        for target in targets:
            for size in ("56", "3000"):
                side.namespace.run(["ping", "-n", "-c", "1", "-W", "2", "-s", size, target])
        side.namespace.run([sys.executable, talk, *targets], timeout=30)


def capture(network, directory, path, wanted):
    sides = [Side(network.namespace(role), end) for end, role in enumerate(("near", "far"), 1)]
    network.veth(*[(side.namespace, CABLE) for side in sides])
    near, far = (side.namespace for side in sides)
    lab = SCRIPTS / "lab"
    sniffer = Program("sniffer", near.argv([sys.executable, str(lab / "sniffer.py"), CABLE, path,
                                            str(SNAPPED)]), directory / "sniffer.log")
    server = Program("server", far.argv([sys.executable, str(lab / "talk.py"), "serve"]),
                     directory / "server.log")
    try:
        wait_for("the sniffer", lambda: sniffer.must_live() and os.path.exists(path) and
                 os.path.getsize(path) >= HEADER, 5)
        wait_for("the server", lambda: server.must_live() and
                 ":7001" in far.run(["ss", "-Hltn"]), 5)
        made, absent = make_links(sides, wanted)
        converse(sides[0], made)
    finally:
        server.stop()
        code = sniffer.stop()
    if code != 0:
        raise LabError(f"the sniffer says: {sniffer.said()}")
    return made, absent


def main():
    path, *wanted = sys.argv[1:] or [None]
    unknown = [name for name in wanted if name not in LINKS]
    if path is None or unknown:
        print(__doc__)
        print(f"Links: {', '.join(LINKS)}" +
              (f"; there is no {', '.join(unknown)}" if unknown else ""))
        return 2
    network = Network(f"capture{os.getpid()}")
    try:
        with tempfile.TemporaryDirectory() as directory:
            made, absent = capture(network, Path(directory), path, wanted or LINKS)
    except LabError as error:
        print(f"capture_corpus: {error}")
        return 1
    finally:
        network.remove()
    size = os.path.getsize(path)
    print(f"{path}: {size} octets, over {', '.join(made)}")
    if absent:
        print(f"this kernel has no {', '.join(absent)}")
    if size > LARGEST:
        print(f"capture_corpus: more than {LARGEST} octets are too many for the repository; "
              "name fewer links")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
