"""An LACP system made of nothing but what a check scripts: one Tester is one port of it.

A Tester says nothing of its own accord. tell() sends one LACPDU, speak() repeats it, and in both
the Partner block is what was last heard unless `view` says otherwise.
"""

import threading
import time
from dataclasses import replace

from air import Capture, Station
from frames import MARKER_RESPONSE, Lacpdu, Marker, lacpdu, marker
from wire import (ACTIVITY, AGGREGATION, CARRYING, NOBODY, SLOW_PROTOCOLS, SYNCHRONIZATION,
                  Information)

from lab.command import run

ACTIVE = ACTIVITY | AGGREGATION  # with the long timeout: D then sends once in 30 s
IN_SYNC = ACTIVE | SYNCHRONIZATION
UP = ACTIVE | CARRYING
SECOND = 1.0
FIRST_PDU = 2.0  # s, within which D says its first word after link up


class _Hearing(Capture):
    def __init__(self, tester, *where):
        self._tester = tester
        super().__init__(*where)

    def on_frame(self, frame):
        self._tester.on_slow_frame(frame)


class Tester(Station):
    def __init__(self, air, namespace, interface, system, number):
        super().__init__(air, namespace, interface)
        self.source = system[:5] + bytes([0x80 + number])
        self.actor = Information(0x8000, system, 1, 0x8000, number, ACTIVE)
        self.view = None        # what it says of D; None: what it heard last
        self.reflecting = None  # the Tester from which whatever is heard here leaves
        self._marker_delay = None
        self._talking = threading.RLock()  # what is said last is what is true last
        self._known = NOBODY
        self._speaking = 0      # counts up, so that an old timer knows that it is old
        self._every = None
        self._slow = self._captures[SLOW_PROTOCOLS] = _Hearing(self, air, namespace, interface,
                                                               SLOW_PROTOCOLS)

    # --- the cable --------------------------------------------------------------------------------

    def plug(self):
        self._link("up")

    def pull(self):
        self._link("down")

    def _link(self, state):
        """Returns the time.time() at which it was done."""
        run(["ip", "-n", self.namespace.name, "link", "set", self.interface, state])
        return time.time()

    # --- what it says -----------------------------------------------------------------------------

    def pdu(self, **shape):
        """Its LACPDU as octets. `shape`: arguments of frames.lacpdu(), or actor=, partner=."""
        return lacpdu(**{"source": self.source, "actor": self.actor,
                         "partner": self.view or self._known, **shape})

    def tell(self, **actor):
        """One LACPDU, after changing fields of its Actor block; the time.time() just before it."""
        with self._talking:
            self.actor = replace(self.actor, **actor)
            at = time.time()
            self._slow.send(self.pdu())
        return at

    def tell_with_view(self, view, **actor):
        """One LACPDU whose Partner block is `view`; from the next one on it is the truth again."""
        with self._talking:
            self.view = view
            at = self.tell(**actor)
            self.view = None
        return at

    def ask(self, timeout=1.0, **actor):
        """D's answer to an LACPDU that knows nothing of it: such a view is always answered."""
        return self.wait_pdu(timeout=timeout, since=self.tell_with_view(NOBODY, **actor),
                             what="an answer")

    def speak(self, every=SECOND, **actor):
        """An LACPDU now, `every` second and whenever D says something new of itself."""
        self._every = every
        self._speaking += 1
        at = self.tell(**actor)
        self._continue(self._speaking)
        return at

    def hush(self):
        """Returns the time.time() after its last LACPDU."""
        self._every = None
        self._speaking += 1
        return time.time()

    def send(self, data):
        return self._slow.send(data)

    def marker(self, transaction, port=None, system=None, **shape):
        """`shape`: arguments of frames.marker()."""
        return marker(self.source, port or self.actor.port, system or self.actor.system,
                      transaction, **shape)

    def send_marker(self, transaction, **shape):
        """Returns the time.time() just before it."""
        at = time.time()
        self.send(self.marker(transaction, **shape))
        return at

    def answer_markers(self, delay):
        """From now on D's Markers are answered, `delay` seconds late."""
        self._marker_delay = delay

    def reflect_to(self, other):
        """From now on every slow-protocol frame that comes in here leaves there."""
        self.reflecting = other

    def _continue(self, turn):
        def again():
            if turn == self._speaking:
                self.tell()
                self._continue(turn)
        self.air.after(self._every or SECOND, again)

    def on_slow_frame(self, frame):
        if self.reflecting:
            self.reflecting.send(frame.data)
        if self._marker_delay is not None and isinstance(frame, Marker) and not frame.is_response:
            port, system = frame.requester
            answer = self.marker(frame.transaction, port, system, kind=MARKER_RESPONSE)
            self.air.after(self._marker_delay, lambda: self._slow.send(answer))
        if not isinstance(frame, Lacpdu):
            return
        with self._talking:
            is_news, self._known = frame.actor != self._known, frame.actor
        if is_news and self._every:
            self.tell()

    # --- what it heard ----------------------------------------------------------------------------

    @property
    def known(self):
        """D as it last described itself."""
        return self._known

    def slow_frames(self, start=0.0, end=float("inf")):
        return self._slow.since(start, end)

    def lacpdus(self, start=0.0, end=float("inf")):
        return [frame for frame in self.slow_frames(start, end) if isinstance(frame, Lacpdu)]

    def markers(self, start=0.0, end=float("inf")):
        return [frame for frame in self.slow_frames(start, end) if isinstance(frame, Marker)]

    def states(self, start=0.0, end=float("inf")):
        """D's state octets in order, each run of the same one once."""
        octets = [pdu.state for pdu in self.lacpdus(start, end)]
        return [octet for number, octet in enumerate(octets)
                if number == 0 or octets[number - 1] != octet]

    def gaps(self, start, end):
        """Seconds between one LACPDU and the next."""
        times = [pdu.at for pdu in self.lacpdus(start, end)]
        return [late - early for early, late in zip(times, times[1:])]

    def wait_pdu(self, predicate=lambda pdu: True, timeout=FIRST_PDU, since=0.0,
                 what="an LACPDU that fits"):
        return self._slow.wait(f"{self.interface}: {what}", lambda frame: isinstance(frame, Lacpdu)
                               and predicate(frame), timeout, since)

    def wait_state(self, octet, timeout, since=0.0):
        return self.wait_pdu(lambda pdu: pdu.state == octet, timeout, since,
                             f"state {octet:#04x}; heard {[hex(s) for s in self.states(since)]}")

    def wait_bits(self, bits, timeout, since=0.0):
        """All of `bits` set."""
        return self.wait_pdu(lambda pdu: pdu.state & bits == bits, timeout, since,
                             f"state with {bits:#04x}")

    def wait_without(self, bits, timeout, since=0.0):
        """None of `bits` set."""
        return self.wait_pdu(lambda pdu: pdu.state & bits == 0, timeout, since,
                             f"state without {bits:#04x}")

    def wait_marker(self, transaction, timeout, since=0.0):
        return self._slow.wait(f"{self.interface}: the answer to marker {transaction}",
                               lambda frame: isinstance(frame, Marker) and frame.is_response
                               and frame.transaction == transaction, timeout, since)
