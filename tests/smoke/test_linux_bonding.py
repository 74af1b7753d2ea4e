"""LACP against the Linux bonding driver, which runs in a guest with Debian's own kernel."""

import time

from partner_test import PartnerTest
from partners import Linux
from smoke import main, wait_for

from lab import vm
from lab.command import watch
from lab.guest_kernel import guest_kernel

# A LACPDU each way, and the ticks of 100 ms that the driver's machines have; the rest is slack.
STANDBY_LIMIT = 2.5


class LinuxBonding(PartnerTest):
    PARTNER = Linux
    CABLES = 4

    def test_fast(self):
        self.come_up(2)
        self.assert_bond()
        self.pull_and_plug()
        self.silent_break()

    def test_we_are_passive_and_slow(self):
        self.come_up(4, mode="passive", rate="slow")
        self.assert_bond()
        self.pull_and_plug()

    def test_partner_passive_and_slow_and_started_again(self):
        self.come_up(4, partner_active=False, partner_fast=False)
        self.silent_break(partner_fast=False)
        self.restart()

    def test_two_of_four_links(self):
        """The driver has no limit of its own; it follows ours."""
        self.partner.bond(4, True, True)
        self.start(4, max_links=2, system_priority=1)
        watch(self.both_on([0, 1]), self.partner.UP_LIMIT)
        self.wait_answers()
        pulled = time.time()
        self.partner.pull(0)
        watch(self.both_on([1, 2]), STANDBY_LIMIT)
        self.tell(f"standby in use {time.time() - pulled:.2f} s after the pull")
        self.wait_answers(2)
        self.assert_standby(3)

    def assert_standby(self, number):
        """Beside LACPDUs, which go on, a link carried nothing either way."""
        link = self.laggd.lagg()["ports"][number]
        self.assertEqual(link["lacp"]["machines"]["selected"], "STANDBY")
        self.assertEqual(link["counters"]["rx_not_collecting"], 0, "the partner sent there")
        self.assertEqual(link["counters"]["tx_packets"], 0, "we sent there")
        wait_for("a LACPDU of the port that stands by", lambda: self.laggd.lagg()["ports"][number]
                 ["lacp"]["lacpdus_tx"] > link["lacp"]["lacpdus_tx"], 2)

    def assert_bond(self):
        """The bond has one aggregator, with all of our links."""
        lagg, active = self.laggd.lagg(), self.partner.guest.told()["active"]
        self.assertEqual(active["Partner Mac Address"], lagg["mac"].lower())
        self.assertEqual(int(active["Number of ports"]), len(self.ports))
        self.assertEqual(int(active["Partner Key"]), lagg["ports"][0]["lacp"]["actor"]["key"])


if __name__ == "__main__":
    main(*vm.NEEDED, ready=guest_kernel)
