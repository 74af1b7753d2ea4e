"""When LACPDUs reached the partner on one link, with the kernel's time stamps."""

import ctypes
import socket
import struct
import threading
import time

SLOW_PROTOCOLS = 0x8809
ETH_P_ALL = 3
SO_ATTACH_FILTER = 26
SO_TIMESTAMPNS = 35
PACKET_OUTGOING = 4
# ldh [12]; jeq #0x8809, 0, 1; ret #128; ret #0
FILTER = [(0x28, 0, 0, 12), (0x15, 0, 1, SLOW_PROTOCOLS), (0x06, 0, 0, 128), (0x06, 0, 0, 0)]


class Lacpdus:
    """From when it is made until stop()."""

    def __init__(self, namespace, interface):
        self.times = []
        self._socket = _in_namespace(namespace, interface)
        self._going = True
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def stop(self):
        self._going = False
        self._thread.join(5)
        self._socket.close()

    def longest_gap(self, start, end):
        """Seconds without one, of the time between those two of time.time()."""
        times = [start, *(when for when in self.times if start < when < end), end]
        return max(late - early for early, late in zip(times, times[1:]))

    def _listen(self):
        self._socket.settimeout(0.2)
        while self._going:
            try:
                _, extra, _, address = self._socket.recvmsg(256, 64)
            except TimeoutError:
                continue
            if address[2] == PACKET_OUTGOING:
                continue
            stamp = next((data for _, kind, data in extra if kind == SO_TIMESTAMPNS), None)
            seconds, nanoseconds = struct.unpack("qq", stamp) if stamp else (time.time(), 0)
            self.times.append(seconds + nanoseconds / 1e9)


def _in_namespace(namespace, interface):
    """A packet socket there. A thread enters the namespace and ends: its caller stays outside."""
    made = []

    def make():
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/run/netns/{namespace.name}", "rb") as file:
            if libc.setns(file.fileno(), 0) != 0:
                made.append(OSError(ctypes.get_errno(), f"setns to {namespace.name}"))
                return
        made.append(_packet_socket(interface))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join(10)
    if not made or isinstance(made[0], OSError):
        raise made[0] if made else OSError(f"no packet socket on {interface}")
    return made[0]


def _packet_socket(interface):
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in FILTER))
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    link.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                    struct.pack("HL", len(FILTER), ctypes.addressof(program)))
    link.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    link.bind((interface, ETH_P_ALL))
    return link
