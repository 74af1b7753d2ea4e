"""Frames as octets: slow-protocol frames as a tester sends and reads them, and numbered data
frames."""

import struct
from dataclasses import dataclass

from wire import (COLLECTOR, DESTINATION, HEAD, INFORMATION, LACP, LENGTH, SLOW_PROTOCOLS,
                  Information)

MARKER = 2
MARKER_INFORMATION, MARKER_RESPONSE = 1, 2
MARKER_TLV = struct.Struct(">BBH6sI2x")
# IEEE's first EtherType for local experiments: no stack answers it.
EXPERIMENTAL = 0x88b5
BROADCAST = b"\xff" * 6
NUMBER = struct.Struct(">HI")
SMALLEST = 60


@dataclass
class Frame:
    at: float  # time.time() of its arrival, taken by the kernel
    data: bytes
    vlan: int | None = None  # of the tag, which the kernel hands over apart from the frame

    @property
    def destination(self):
        return self.data[:6]

    @property
    def source(self):
        return self.data[6:12]

    @property
    def subtype(self):
        return self.data[14]


class Lacpdu(Frame):
    @property
    def actor(self):
        return Information.parsed(self.data, HEAD.size)

    @property
    def partner(self):
        return Information.parsed(self.data, HEAD.size + INFORMATION.size)

    @property
    def state(self):
        return self.actor.state


class Marker(Frame):
    @property
    def is_response(self):
        return self.data[16] == MARKER_RESPONSE

    @property
    def transaction(self):
        return struct.unpack_from(">I", self.data, 26)[0]

    @property
    def requester(self):
        """(port, system)"""
        return struct.unpack_from(">H6s", self.data, 18)


def received(at, data, vlan=None):
    """The frame as what it is."""
    is_slow = len(data) >= LENGTH and data[12:14] == SLOW_PROTOCOLS.to_bytes(2, "big")
    kind = {LACP: Lacpdu, MARKER: Marker}.get(data[14], Frame) if is_slow else Frame
    return kind(at, data, vlan)


def lacpdu(source, actor, partner, version=1, tail=b"", destination=DESTINATION):
    """`tail`: what follows the Collector TLV in place of a Terminator."""
    head = (HEAD.pack(destination, source, SLOW_PROTOCOLS, LACP, version) + actor.packed(1)
            + partner.packed(2) + COLLECTOR.pack(3, 16, 0))
    return (head + tail).ljust(LENGTH, b"\0")


def tlv(kind, length):
    """One of `length` octets in all, with contents that would show if they were read."""
    return bytes([kind, length]) + bytes((length - 2) * [0xa5])


# Port Algorithm, Conversation ID Digest, the four Conversation Masks, Service Mapping Digest.
VERSION_2_TLVS = b"".join(tlv(kind, length) for kind, length in (
    (0x04, 6), (0x05, 20), (0x06, 131), (0x07, 130), (0x08, 130), (0x09, 130), (0x0a, 18)))


def marker(source, port, system, transaction, kind=MARKER_INFORMATION, length=16):
    return (HEAD.pack(DESTINATION, source, SLOW_PROTOCOLS, MARKER, 1)
            + MARKER_TLV.pack(kind, length, port, system, transaction)).ljust(LENGTH, b"\0")


def with_octets(frame, **octets):
    """A frame with single octets replaced, as with_octets(frame, at_17=21)."""
    changed = bytearray(frame)
    for place, value in octets.items():
        changed[int(place.removeprefix("at_"))] = value
    return bytes(changed)


def data_frame(flow, number, destination=BROADCAST, size=SMALLEST, side=0x0a):
    """A flow is a source address; the number tells its frames apart."""
    source = bytes([0x02, side]) + flow.to_bytes(4, "big")
    return (destination + source + struct.pack(">H", EXPERIMENTAL)
            + NUMBER.pack(flow, number)).ljust(size, b"\0")


def udp_frame(source, number, destination=BROADCAST, source_ip=bytes((192, 0, 2, 1)),
              destination_ip=bytes((192, 0, 2, 2)), port=5000, to_port=9, tags=b"", fragment=0,
              payload=b""):
    """A numbered UDP datagram; `tags`: what stands before the EtherType, `fragment`: that field."""
    body = struct.pack(">I", number) + payload
    udp = struct.pack(">HHHH", port, to_port, 8 + len(body), 0) + body
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, fragment, 64, 17, 0)
    return (destination + source + tags + b"\x08\x00" + head + source_ip + destination_ip
            + udp).ljust(SMALLEST, b"\0")


def udp_number(frame):
    """That of a frame of udp_frame() without tags."""
    return struct.unpack_from(">I", frame.data, 42)[0]


def number_of(frame):
    """(flow, number) of a data frame."""
    return NUMBER.unpack_from(frame.data, 14)

