"""LACPDUs leave on time whatever else laggd is busy with: a device that blocks for seconds, or a
lagg whose cables are full. Measured on the wire, with the kernel's time stamps."""

import os
import statistics
import threading
import time
import unittest
from pathlib import Path

from daemon_lab import LACP_FAST, UP_LIMIT, DaemonTest
from smoke import ROOT, main, wait_for
from wire import CARRYING

from lab.command import Program, run
from lab.laboratory import PARTNER_PORTS, PORTS
from lab.network import carried_between

SLOW_START = Path(os.environ.get("LAGG_SLOW_START",
                                 ROOT / "build" / "tests" / "smoke" / "libslow_start.so"))
BLOCKED = 5  # seconds
TOLERANCE = 0.15
LONGEST_GAP = 1.3
ANSWER_LIMIT = 0.2
NOTICE_LIMIT = 0.5
# Frames per second on both cables, below which laggd would not have been busy; two idle cores do
# three times that.
FLOOD = 20000

FLOODER = """
import socket
flood = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
number = 0
while True:
    number += 1
    try:
        flood.sendto(bytes(64), ("192.0.2.50", 1024 + number % 64))
    except OSError:
        pass
"""


class Cadence(DaemonTest):
    def up(self, devices=PORTS, **lagg):
        self.laggd.write(list(devices), {**LACP_FAST, "aliases": ["192.0.2.1/24"],
                                       "hash": "layer3+4", **lagg})
        self.laggd.start_and_wait()
        self.laggd.wait_distributing(PORTS, UP_LIMIT)
        time.sleep(1.2)  # what follows a change of state at once is behind us

    def assert_regular(self, peer, interface, start, end):
        """A LACPDU every second, and not more."""
        pdus = peer.lacpdus(interface, start)
        times = [pdu.at for pdu in pdus if pdu.at <= end]
        gaps = [late - early for early, late in zip(times, times[1:])]
        self.assertGreaterEqual(len(gaps), int(end - start) - 2, f"{interface}: {gaps}")
        for gap in gaps:
            self.assertAlmostEqual(gap, 1.0, delta=TOLERANCE, msg=f"{interface}: {gaps}")

    def test_idle(self):
        peer = self.partner()
        self.up()
        start = time.time()
        time.sleep(8)
        for name in PARTNER_PORTS:
            self.assert_regular(peer, name, start, time.time())

    def test_slow_rate_is_slow(self):
        """The partner says how often it wants to hear: with the long timeout, every 30 s."""
        peer = self.partner()
        peer.STATE &= ~0x02
        self.up()
        start = time.time()
        time.sleep(5)
        for name in PARTNER_PORTS:
            self.assertLessEqual(len(peer.lacpdus(name, start)), 1, name)

    def test_saturated(self):
        peer = self.partner()
        self.up()
        run(["ip", "-n", self.inside.name, "neigh", "add", "192.0.2.50", "lladdr",
             "02:00:00:00:00:50", "dev", "lagg0"])
        flooders = [Program("flood", self.inside.argv(["python3", "-c", FLOODER]),
                            self.lab.directory / "flood.out") for _ in range(2)]
        for flooder in flooders:
            self.addCleanup(flooder.stop)
        time.sleep(1)
        start, before = time.time(), self.lab.network.carried()
        time.sleep(8)
        end, after = time.time(), self.lab.network.carried()
        for flooder in flooders:
            flooder.must_live()
            flooder.stop()
        sent = carried_between(before, after, "left")
        rates = [round(count / (end - start)) for count in sent]
        print(f"flooded with {rates} frames/s", flush=True)
        self.assertGreater(sum(rates), FLOOD, "that was no flood")
        for name in PARTNER_PORTS:
            self.assertLessEqual(max(peer.gaps(name, start, end)), LONGEST_GAP, name)
            self.assertTrue(all(pdu.actor.state & CARRYING == CARRYING
                                for pdu in peer.lacpdus(name, start) if pdu.at <= end))


@unittest.skipUnless(SLOW_START.exists(), f"{SLOW_START} is not built")
class BlockedStart(Cadence):
    """While the control thread waits for a device, nothing else does."""

    test_idle = test_saturated = test_slow_rate_is_slow = None

    def setUp(self):
        super().setUp()
        self.more_cables(3)
        self.peer = self.partner([*PARTNER_PORTS, "r3"])
        self.laggd.env |= {"LD_PRELOAD": str(SLOW_START), "LAGG_SLOW_SECONDS": str(BLOCKED),
                           "LAGG_SLOW_DEVICE": "net_null_net_af_packet_p3"}
        self.up(["p1", "p2", "p3"], ports=PORTS)

    def add_slow_port(self):
        """A reload that takes 5 s, on its way; returns the thread and where its answer will be."""
        self.laggd.write(["p1", "p2", "p3"], {**LACP_FAST, "aliases": ["192.0.2.1/24"],
                                              "hash": "layer3+4", "ports": ["p1", "p2", "p3"]})
        offset = self.laggd.log.stat().st_size
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.laggd.ctl("reload")))
        thread.start()
        self.addCleanup(thread.join)
        wait_for("p3 being started", lambda: "p3: starting" in self.laggd.log_since(offset), 5)
        return thread, answers

    def test_cadence_while_a_device_starts(self):
        start = time.time()
        thread, answers = self.add_slow_port()
        thread.join()
        end = time.time()
        self.assertEqual(answers[0].code, 0, answers[0].err)
        self.assertGreaterEqual(answers[0].seconds, BLOCKED, "the start did not block")
        for name in PARTNER_PORTS:
            self.assert_regular(self.peer, name, start, end)
        self.laggd.wait_distributing(["p1", "p2", "p3"], UP_LIMIT)

    def test_answers_and_carrier_while_a_device_starts(self):
        thread, answers = self.add_slow_port()
        took = [self.laggd.ctl("show").seconds for _ in range(9)]
        pulled = time.time()
        self.lab.cables[1].pull()
        self.laggd.wait_distributing(["p1"], NOTICE_LIMIT)
        self.assertTrue(thread.is_alive(), "the start was over before it could matter")
        self.assertLess(statistics.median(took), ANSWER_LIMIT, took)
        self.assertEqual(self.laggd.ctl("status").code, 0)
        self.assertTrue(thread.is_alive())
        thread.join()
        self.assertEqual(answers[0].code, 0, answers[0].err)
        self.assert_regular(self.peer, "r1", pulled - 1, time.time())


if __name__ == "__main__":
    main()
