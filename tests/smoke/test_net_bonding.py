"""LACP against DPDK's own bonding driver. It keeps dead cables for long (see partners.py); what is
tested is that laggd does its own part, and that both agree again in the end."""

from partner_test import PartnerTest
from partners import NetBonding
from smoke import main


class FourLinks(PartnerTest):
    PARTNER = NetBonding
    CABLES = 4

    def test_up_broken_and_restarted(self):
        self.come_up(4, partner_fast=False)
        self.pull_and_plug()
        self.silent_break(partner_fast=False)
        self.restart()


if __name__ == "__main__":
    main("dpdk-testpmd")
