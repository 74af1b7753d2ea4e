"""Every protocol but LACP, each from a fresh start, and changes from one to the next under
traffic."""

import unittest

from smoke import ALIASES, LabTest, main

from lab.command import watch
from lab.laboratory import PARTNER_PORTS


class Protocols(LabTest):
    def test_failover(self):
        self.acts.failover()
        self.assert_all_met()

    def test_loadbalance(self):
        self.acts.loadbalance()
        self.assert_all_met()

    def test_roundrobin(self):
        self.acts.roundrobin()
        self.assert_all_met()

    def test_broadcast(self):
        self.acts.broadcast()
        self.assert_all_met()

    def test_none(self):
        self.acts.nothing()
        self.assert_all_met()

    def test_from_each_to_lacp_and_back(self):
        for protocol in ("failover", "roundrobin", "none", "broadcast", "loadbalance"):
            with self.subTest(protocol=protocol):
                self.acts.change_to(protocol)
                if protocol != "none":
                    self.wait_answers(5)
                self.lab.ovs.partner_lacp(PARTNER_PORTS)
                self.acts.reload(protocol="lacp", aliases=ALIASES, hash="layer3+4",
                                 lacp={"rate": "fast"})
                watch(self.acts.lacp_up(), 8)
                self.wait_answers(5)


if __name__ == "__main__":
    main()
