"""LACP against DPDK's own bonding driver, the second implementation that is not ours.

Its peculiarities shape the tests: it never asks for the short timeout, so it may keep a dead cable
for 90 s, and over AF_PACKET it sees no carrier. What is tested is that laggd does its own part, and
that both agree again in the end. """

import time
import unittest

from smoke import LabTest, SILENT_LIMIT, main, traffic, wait_for

from lab.laboratory import PORTS
from lab.network import carried_between

# Its timers are the slow ones, and it holds a port back for a while before it uses it.
UP_LIMIT = 45


class NetBonding(LabTest):
    def build(self):
        self.lab.build_with_testpmd()

    def setUp(self):
        super().setUp()
        self.start()
        self.laggd.wait_distributing(PORTS, UP_LIMIT)
        wait_for("net_bonding using both members", lambda: len(self.lab.testpmd.members()) == 2,
                 UP_LIMIT)
        self.wait_answers()

    def test_up_and_carrying(self):
        for lagg_port in self.laggd.lagg()["ports"]:
            self.assertEqual(lagg_port["lacp"]["partner"]["system"].lower(), self.lab.testpmd.mac)

    def test_pulled_cable(self):
        streams = self.lab.ping_streams(3)
        streams.wait_until_answered()
        self.lab.cables[0].pull()
        self.laggd.wait_distributing(["p2"], 2)
        time.sleep(0.3)
        before = self.lab.network.carried()
        time.sleep(0.5)
        sent = carried_between(before, self.lab.network.carried(), "left")
        streams.stop()
        self.assertEqual(sent[0], 0)
        self.assertGreater(sent[1], 0)
        self.lab.cables[0].plug()
        self.laggd.wait_distributing(PORTS, UP_LIMIT)
        self.wait_answers(UP_LIMIT)

    def test_silent_break(self):
        """We ask for the short timeout, so it has to send every second, and its silence is
        noticed."""
        time.sleep(2)  # until it sends at the rate we asked for
        begun = time.monotonic()
        self.lab.cables[1].break_silently()
        self.laggd.wait_distributing(["p1"], 10)
        self.assertLessEqual(time.monotonic() - begun, SILENT_LIMIT)
        self.lab.cables[1].heal()
        self.laggd.wait_distributing(PORTS, UP_LIMIT)
        self.wait_answers(UP_LIMIT)


if __name__ == "__main__":
    main("dpdk-testpmd")
