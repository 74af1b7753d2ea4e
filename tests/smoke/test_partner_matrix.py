"""Every LACP partner in every combination of active and passive, fast and slow, two and four links,
with every fault. The name of a class chooses the partner; without one, all of them run.

Takes a quarter of an hour for a partner, so it is in the suite `long`.
"""

import itertools
import sys

import partners
from partner_test import PartnerTest
from smoke import main

from lab import vm
from lab.guest_kernel import guest_kernel

LINKS = (2, 4)
MODES = ("active", "passive")
RATES = ("fast", "slow")


class Matrix(PartnerTest):
    CABLES = max(LINKS)

    def combination(self, links, mode, rate, partner_active, partner_fast):
        self.come_up(links, mode, rate, partner_active, partner_fast)
        self.pull_and_plug()
        if rate == "fast":
            self.silent_break(partner_fast=partner_fast)
            self.restart()
        else:
            self.restart_at_once()


def matrix_of(partner):
    """The class of tests for one partner, a method each combination."""
    def combined(*combination):
        return lambda self: self.combination(*combination)

    tests = {}
    for links, mode, rate, partner_mode, partner_rate in itertools.product(
            LINKS, MODES, RATES, MODES, RATES):
        if mode == partner_mode == "passive" \
                or partner_mode == "passive" and not partner.CAN_BE_PASSIVE \
                or partner_rate == "fast" and not partner.CAN_BE_FAST:
            continue
        name = f"test_{links}_links_{mode}_{rate}_opposite_{partner_mode}_{partner_rate}"
        tests[name] = combined(links, mode, rate, partner_mode == "active", partner_rate == "fast")
    if partner.CAN_BE_PASSIVE:
        tests["test_both_passive"] = lambda self: self.stay_silent(2)
    return type(partner.__name__, (Matrix,), {"PARTNER": partner, **tests})


OpenVSwitch = matrix_of(partners.OpenVSwitch)
NetBonding = matrix_of(partners.NetBonding)
Linux = matrix_of(partners.Linux)
SecondLaggd = matrix_of(partners.SecondLaggd)

if __name__ == "__main__":
    WANTED = " ".join(sys.argv[1:]) or "NetBonding Linux"
    main(*(["dpdk-testpmd"] if "NetBonding" in WANTED else []),
         *(vm.NEEDED if "Linux" in WANTED else []),
         ready=guest_kernel if "Linux" in WANTED else None)
