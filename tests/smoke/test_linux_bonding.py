"""LACP against the Linux bonding driver, which runs in a guest with Debian's own kernel."""

from partner_test import PartnerTest
from partners import Linux
from smoke import main

from lab import vm
from lab.guest_kernel import guest_kernel


class LinuxBonding(PartnerTest):
    PARTNER = Linux
    CABLES = 4

    def test_fast(self):
        self.come_up(2)
        self.assert_bond()
        self.pull_and_plug()
        self.silent_break()

    def test_partner_passive_and_slow(self):
        self.come_up(2, partner_active=False, partner_fast=False)
        self.silent_break(partner_fast=False)

    def test_we_are_passive_and_slow(self):
        self.come_up(4, mode="passive", rate="slow")
        self.pull_and_plug()

    def test_killed_and_started_again(self):
        self.come_up(4)
        self.restart()

    def assert_bond(self):
        """The bond has one aggregator, with all of our links."""
        lagg, active = self.laggd.lagg(), self.partner.guest.told()["active"]
        self.assertEqual(active["Partner Mac Address"], lagg["mac"].lower())
        self.assertEqual(int(active["Number of ports"]), len(self.ports))
        self.assertEqual(int(active["Partner Key"]), lagg["ports"][0]["lacp"]["actor"]["key"])


if __name__ == "__main__":
    main(*vm.NEEDED, ready=guest_kernel)
