"""What passes an interface, as a pcap file: the only thing needed of tcpdump, and with the VLAN
tag where it was on the wire. The kernel takes the outermost tag off before a packet socket sees a
frame, and tells it beside the frame."""

import select
import signal
import socket
import struct
import sys
import time

SOL_PACKET, PACKET_AUXDATA, PACKET_STATISTICS = 263, 8, 6
ETH_P_ALL = 3
TAG_VALID, TPID_VALID = 0x10, 0x40
TAG_AT = 12
AUXDATA = struct.Struct("=IIIHHHH")  # status, length, snapped, mac, network, tci, tpid
LINKTYPE_ETHERNET = 1


def with_tag(frame, ancillary):
    """The frame as it was on the wire."""
    for level, kind, data in ancillary:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, *_, tci, tpid = AUXDATA.unpack(data[:AUXDATA.size])
            if status & TAG_VALID:
                tag = struct.pack(">HH", tpid if status & TPID_VALID else 0x8100, tci)
                return frame[:TAG_AT] + tag + frame[TAG_AT:]
    return frame


class Sniffer:
    """Writes the first `snapped` octets of every frame, both directions."""

    def __init__(self, interface, path, snapped):
        self.snapped = snapped
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind((interface, ETH_P_ALL))
        self.file = open(path, "wb")
        self.file.write(struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snapped, LINKTYPE_ETHERNET))
        self.file.flush()  # a file with a header says that we listen

    def take(self):
        """One frame from the socket to the file."""
        frame, ancillary, _, _ = self.socket.recvmsg(65536, 256)
        whole = with_tag(frame, ancillary)
        now = time.time()
        kept = whole[:self.snapped]
        self.file.write(struct.pack("=IIII", int(now), int(now % 1 * 1e6), len(kept), len(whole)))
        self.file.write(kept)

    def run(self, ended):
        """Until `ended()`, and then what is left in the socket."""
        while select.select([self.socket], [], [], 0 if ended() else 0.05)[0] or not ended():
            if select.select([self.socket], [], [], 0)[0]:
                self.take()
        self.file.close()
        _, dropped = struct.unpack("=II", self.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        return dropped


def main():
    interface, path, snapped = sys.argv[1:]
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
    dropped = Sniffer(interface, path, int(snapped)).run(lambda: bool(asked))
    if dropped:
        print(f"{dropped} frames were lost")
    return 1 if dropped else 0


if __name__ == "__main__":
    sys.exit(main())
