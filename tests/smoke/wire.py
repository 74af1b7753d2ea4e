"""What is on a cable: a listener for slow-protocol frames with the kernel's own time stamps, and
the least partner that LACP can have.

The partner says from its first LACPDU on that it is in sync and carries traffic, so whatever a test
sees go up or down was decided by laggd alone. Everything runs in threads of the test, with sockets
opened in the namespace at the other end.
"""

import ctypes
import os
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass
from pathlib import Path

SLOW_PROTOCOLS = 0x8809
LACP = 1
DESTINATION = bytes.fromhex("0180c2000002")
HEAD = struct.Struct(">6s6sHBB")
# Type, length, system priority, system, key, port priority, port, state, three octets reserved.
INFORMATION = struct.Struct(">BBH6sHHHB3x")
COLLECTOR = struct.Struct(">BBH12x")
LENGTH = 124
SO_TIMESTAMPNS = 35
SOL_PACKET, PACKET_AUXDATA = 263, 8
ETH_P_ALL = 3
CLONE_NEWNET = 0x40000000
SO_ATTACH_FILTER = 26
# Classic BPF: load the EtherType, skip the next when it is another one, take the frame, drop it.
ONLY_SLOW_PROTOCOLS = b"".join(struct.pack("@HBBI", *line) for line in (
    (0x28, 0, 0, 12), (0x15, 0, 1, SLOW_PROTOCOLS), (0x06, 0, 0, 0xffff), (0x06, 0, 0, 0)))

ACTIVITY, TIMEOUT, AGGREGATION, SYNCHRONIZATION = 0x01, 0x02, 0x04, 0x08
COLLECTING, DISTRIBUTING, DEFAULTED, EXPIRED = 0x10, 0x20, 0x40, 0x80
CARRYING = SYNCHRONIZATION | COLLECTING | DISTRIBUTING

_libc = ctypes.CDLL(None, use_errno=True)


def _enter(file):
    if _libc.setns(file.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def socket_in(namespace, make):
    """What make() returns, called in a network namespace: a socket stays where it was opened."""
    with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{namespace.name}") as there:
        _enter(there)
        try:
            return make()
        finally:
            _enter(home)


def packet_socket(interface, protocol=SLOW_PROTOCOLS):
    """Takes what comes in on an interface with that EtherType; what goes out is not seen."""
    # A socket with a protocol from the start would hear all interfaces until it is bound to one.
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    opened.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    opened.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    opened.bind((interface, protocol))
    return opened


def passing_socket(interface):
    """Takes slow-protocol frames that come in on an interface and those that leave through it, on a
    port of a bridge too."""
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    opened.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    with_program = ctypes.create_string_buffer(ONLY_SLOW_PROTOCOLS)
    opened.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                      struct.pack("@HP", len(ONLY_SLOW_PROTOCOLS) // 8,
                                  ctypes.addressof(with_program)))
    opened.bind((interface, ETH_P_ALL))
    return opened


def tagged_frame(vlan, payload):
    """A broadcast of an EtherType that nobody speaks, with a VLAN tag."""
    return (b"\xff" * 6 + bytes.fromhex("020000000077") + struct.pack(">HHH", 0x8100, vlan, 0x88b5)
            + payload)


def twice_tagged_frame(outer, payload):
    """The same with a second tag inside; `outer` is the type of the first."""
    return (b"\xff" * 6 + bytes.fromhex("020000000077")
            + struct.pack(">HHHHH", outer, 5, 0x8100, 6, 0x88b5) + payload)


def receive_payload(opened, timeout=3.0):
    """Octets behind both tags of the next of twice_tagged_frame() to arrive; the kernel takes one
    of the tags out. None when there is none in time."""
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > 0 and select.select([opened], [], [], left)[0]:
        frame = opened.recv(65536)
        if frame[12:18] == struct.pack(">HHH", 0x8100, 6, 0x88b5):
            return len(frame) - 18
    return None


def receive_tagged(opened, vlan, payload, timeout=3.0):
    """True when a frame of tagged_frame() arrives whole; the kernel hands the tag over apart."""
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([opened], [], [], left)[0]:
            break
        frame, ancillary, _, _ = opened.recvmsg(65536, 256)
        tags = [struct.unpack_from("@HH", data, 16)[0] for level, kind, data in ancillary
                if (level, kind) == (SOL_PACKET, PACKET_AUXDATA)]
        if frame[12:] == struct.pack(">H", 0x88b5) + payload and vlan in tags:
            return True
    return False


@dataclass
class Information:
    """One end of a link as a LACPDU tells it."""
    priority: int
    system: bytes
    key: int
    port_priority: int
    port: int
    state: int

    def packed(self, kind):
        return INFORMATION.pack(kind, 20, self.priority, self.system, self.key, self.port_priority,
                                self.port, self.state)

    @classmethod
    def parsed(cls, frame, at):
        _, _, *fields = INFORMATION.unpack_from(frame, at)
        return cls(*fields)


NOBODY = Information(0, bytes(6), 0, 0, 0, 0)


@dataclass
class Lacpdu:
    at: float  # time.time() of its arrival, taken by the kernel
    actor: Information
    partner: Information
    outgoing: bool  # it left through the interface instead of coming in


class Listener:
    """Keeps every LACPDU that comes in on the interfaces of a namespace, until stopped."""

    def __init__(self, namespace, interfaces):
        self.heard = {name: [] for name in interfaces}
        self._sockets = {name: socket_in(namespace, lambda name=name: self.open(name))
                         for name in interfaces}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def open(self, name):
        return packet_socket(name)

    def stop(self):
        self._stop.set()
        self._thread.join()
        for opened in self._sockets.values():
            opened.close()

    def lacpdus(self, interface, since=0.0):
        """Those that came after `since`, a time.time()."""
        with self._lock:
            return [pdu for pdu in self.heard[interface] if pdu.at >= since]

    def last(self, interface):
        pdus = self.lacpdus(interface)
        return pdus[-1] if pdus else None

    def gaps(self, interface, start, end):
        """Seconds between one LACPDU and the next, over [start, end]; a silence at either bound
        counts."""
        times = [pdu.at for pdu in self.lacpdus(interface, start) if pdu.at <= end]
        times = [start, *times, end]
        return [late - early for early, late in zip(times, times[1:])]

    def _run(self):
        names = {opened.fileno(): name for name, opened in self._sockets.items()}
        while not self._stop.is_set():
            # A link that went down is an error on its socket, to be read away.
            ready, _, _ = select.select(list(names), [], [], 0.05)
            for number in ready:
                self._receive(names[number])
            self.idle()

    def _receive(self, name):
        try:
            frame, ancillary, _, address = self._sockets[name].recvmsg(2048, 256)
        except OSError:
            return
        if len(frame) < LENGTH or HEAD.unpack_from(frame)[3] != LACP:
            return
        at = time.time()
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = struct.unpack("@ll", data)
                at = seconds + nanoseconds / 1e9
        pdu = Lacpdu(at, Information.parsed(frame, HEAD.size),
                     Information.parsed(frame, HEAD.size + INFORMATION.size),
                     address[2] == socket.PACKET_OUTGOING)
        with self._lock:
            self.heard[name].append(pdu)
        self.on_lacpdu(name, pdu)

    def on_lacpdu(self, name, pdu):
        """For those that answer."""

    def idle(self):
        """Called every 50 ms and after every frame."""


class Wiretap(Listener):
    """LACPDUs of both sides on cables of the laboratory, in the middle of each."""

    def __init__(self, cables):
        self.cables = cables
        super().__init__(cables[0].middle, [cable.ends[0] for cable in cables])

    def open(self, name):
        return passing_socket(name)

    def sent(self, cable, left, since=0.0):
        """What the left (or else the right) side sent on a cable; none while it is broken."""
        return [pdu for pdu in self.lacpdus(cable.ends[0], since) if pdu.outgoing != left]


class LacpPartner(Listener):
    """One LACP system with all `interfaces` in one aggregate, active and with the short timeout."""

    SYSTEM = bytes.fromhex("0200000000aa")
    STATE = ACTIVITY | TIMEOUT | AGGREGATION | CARRYING
    PERIOD = 1.0  # seconds between LACPDUs while nothing changes
    VLAN = None   # of a tag that the LACPDUs are to have

    def __init__(self, namespace, interfaces):
        self._numbers = {name: number for number, name in enumerate(interfaces, 1)}
        self._known = dict.fromkeys(interfaces, NOBODY)
        self._next = dict.fromkeys(interfaces, 0.0)
        super().__init__(namespace, interfaces)

    def on_lacpdu(self, name, pdu):
        if pdu.actor != self._known[name]:
            self._known[name] = pdu.actor
            self._next[name] = 0.0

    def idle(self):
        now = time.monotonic()
        for name, due in self._next.items():
            if now >= due:
                self._next[name] = now + self.PERIOD
                self._send(name)

    def _send(self, name):
        actor = Information(0x8000, self.SYSTEM, 1, 0x8000, self._numbers[name], self.STATE)
        source = self.SYSTEM[:5] + bytes([self._numbers[name]])
        tag = b"" if self.VLAN is None else struct.pack(">HH", 0x8100, self.VLAN)
        frame = (HEAD.pack(DESTINATION, source, SLOW_PROTOCOLS, LACP, 1) + actor.packed(1)
                 + self._known[name].packed(2) + COLLECTOR.pack(3, 16, 0)).ljust(LENGTH, b"\0")
        try:
            self._sockets[name].send(frame[:12] + tag + frame[12:])
        except OSError:
            pass  # no carrier


def xdp_programs(namespace):
    """Interfaces of a namespace that have an XDP program attached."""
    text = namespace.run(["ip", "-d", "link", "show"])
    lines = text.splitlines()
    return [line.split(":")[1].strip().split("@")[0] for line in lines
            if line[:1].isdigit() and " xdp" in line]


def files_of_huge_pages():
    """Files that lie in any mounted hugetlbfs."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    return [os.path.join(where, file) for _, where, kind, *_ in mounts if kind == "hugetlbfs"
            for file in os.listdir(where)]
