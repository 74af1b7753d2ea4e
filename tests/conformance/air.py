"""Who listens and sends at the far ends: one thread for all of a run's sockets and timers."""

import heapq
import itertools
import selectors
import socket
import struct
import threading
import time

from frames import EXPERIMENTAL, data_frame, received
from wire import PACKET_AUXDATA, SO_TIMESTAMPNS, SOL_PACKET, packet_socket, socket_in

from lab.command import LabError

SO_RCVBUFFORCE = 33
TP_STATUS_VLAN_VALID = 0x10
AUXDATA = struct.Struct("@IIIHHHH")
# A burst of data frames must not push an LACPDU out of its socket.
SOCKET_BUFFER = 8 << 20


class Air:
    """Calls handlers when their socket has something, and callbacks when they are due."""

    def __init__(self):
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._due = []
        self._order = itertools.count()
        self._ears, self._mouth = socket.socketpair()
        self._selector.register(self._ears, selectors.EVENT_READ, lambda: self._ears.recv(4096))
        self._running = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self):
        self._running = False
        self._mouth.send(b"x")
        self._thread.join()

    def listen(self, opened, handler):
        self._selector.register(opened, selectors.EVENT_READ, handler)
        self._mouth.send(b"x")

    def forget(self, opened):
        self._selector.unregister(opened)

    def after(self, seconds, callback):
        with self._lock:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), callback))
        self._mouth.send(b"x")

    def _run(self):
        while self._running:
            with self._lock:
                wait = self._due[0][0] - time.monotonic() if self._due else 1.0
            for key, _ in self._selector.select(max(0.0, wait)):
                key.data()
            self._call_due()

    def _call_due(self):
        while True:
            with self._lock:
                if not self._due or self._due[0][0] > time.monotonic():
                    return
                callback = heapq.heappop(self._due)[2]
            callback()


class Capture:
    """Keeps what comes in on an interface with one EtherType."""

    def __init__(self, air, namespace, interface, ethertype):
        self.news = threading.Condition()
        self.frames = []
        self._air = air
        self._socket = socket_in(namespace, lambda: packet_socket(interface, ethertype))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER)
        self._socket.setblocking(False)
        air.listen(self._socket, self._receive)

    def stop(self):
        self._air.forget(self._socket)
        self._socket.close()

    def since(self, start=0.0, end=float("inf")):
        with self.news:
            return [frame for frame in self.frames if start <= frame.at <= end]

    def wait(self, what, predicate, timeout, since=0.0):
        """The first frame from `since` on that fits."""
        deadline = time.monotonic() + timeout
        seen = 0
        with self.news:
            while True:
                for frame in self.frames[seen:]:
                    if frame.at >= since and predicate(frame):
                        return frame
                seen = len(self.frames)
                left = deadline - time.monotonic()
                if left <= 0:
                    raise LabError(f"{what}: not within {timeout:g} s")
                self.news.wait(left)

    def send(self, data):
        """Sends at once; False without carrier."""
        try:
            self._socket.send(data)
            return True
        except OSError:
            return False

    def _receive(self):
        for _ in range(64):
            try:
                data, ancillary, _, address = self._socket.recvmsg(65536, 256)
            except OSError:
                return  # nothing more, or a link that went down
            if address[2] != socket.PACKET_OUTGOING:
                self._keep(received(*_told(data, ancillary)))

    def _keep(self, frame):
        with self.news:
            self.frames.append(frame)
            self.news.notify_all()
        self.on_frame(frame)

    def on_frame(self, frame):
        """For those that answer."""


def _told(data, ancillary):
    """Arrival time, octets and VLAN of what recvmsg() gave."""
    at, vlan = time.time(), None
    for level, kind, value in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("@ll", value)
            at = seconds + nanoseconds / 1e9
        elif (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, *_, tag, _ = AUXDATA.unpack_from(value)
            vlan = tag & 0xfff if status & TP_STATUS_VLAN_VALID else None
    return at, data, vlan


class Stream:
    """Numbered data frames of several flows in turn, at a steady rate, until stopped."""

    def __init__(self, capture, flows=8, rate=400, first_flow=0, **frame):
        self._capture = capture
        self._flows = [first_flow + flow for flow in range(flows)]
        self._rate = rate
        self._frame = frame
        self.sent = []  # (time.time(), flow, number)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._stop.set()
        self._thread.join()

    def _run(self):
        begun = time.monotonic()
        for count in itertools.count():
            if self._stop.wait(max(0.0, begun + count / self._rate - time.monotonic())):
                return
            flow = self._flows[count % len(self._flows)]
            number = count // len(self._flows)
            at = time.time()
            if self._capture.send(data_frame(flow, number, **self._frame)):
                self.sent.append((at, flow, number))


class Station:
    """One interface: sends anything, and captures what it is asked to."""

    def __init__(self, air, namespace, interface):
        self.air = air
        self.namespace = namespace
        self.interface = interface
        self._captures = {}

    def capture(self, ethertype=EXPERIMENTAL):
        if ethertype not in self._captures:
            self._captures[ethertype] = Capture(self.air, self.namespace, self.interface, ethertype)
        return self._captures[ethertype]

    def data(self, start=0.0, end=float("inf")):
        """Data frames that came; capture() has to be called before they can."""
        return self.capture().since(start, end)

    def send(self, data):
        return self.capture().send(data)

    def stream(self, **shape):
        return Stream(self.capture(), **shape)

    def close(self):
        for capture in self._captures.values():
            capture.stop()
        self._captures.clear()
