"""LACP against Open vSwitch: every combination of active/passive and fast/slow comes up and
carries, and every kind of broken cable is left in time."""

import signal
import time
import unittest

from partner_test import PartnerTest
from partners import OpenVSwitch
from smoke import ALIASES, HOST4, SILENT_LIMIT, LabTest, main, traffic, wait_for

from lab.command import watch
from lab.laboratory import PARTNER_PORTS, PORTS
from lab.network import carried_between

# Wait-while is 2 s; the rest is for a loaded machine.
UP_LIMIT = 8


class Negotiation(LabTest):
    def combination(self, mode, rate, partner_active=True, partner_fast=True):
        self.lab.ovs.partner_lacp(PARTNER_PORTS, partner_active, partner_fast)
        self.start(lacp={"mode": mode, "rate": rate})
        watch(self.acts.lacp_up(), UP_LIMIT)
        self.wait_answers()
        self.check_flags(mode, rate)
        self.pull_and_plug()

    def check_flags(self, mode, rate):
        """What Open vSwitch heard from us is what the configuration says."""
        for port, member in self.lab.ovs.lacp_members().items():
            heard = member["partner state"].split()
            self.assertEqual("activity" in heard, mode == "active", port)
            self.assertEqual("timeout" in heard, rate == "fast", port)
            for flag in ("aggregation", "synchronized", "collecting", "distributing"):
                self.assertIn(flag, heard, port)
            for flag in ("defaulted", "expired"):
                self.assertNotIn(flag, heard, port)

    def pull_and_plug(self):
        streams = self.lab.ping_streams(3)
        streams.wait_until_answered()
        pulled = time.time()
        self.lab.cables[0].pull()
        self.laggd.wait_distributing(["p2"], 2)
        time.sleep(0.5)
        plugged = time.time()
        self.lab.cables[0].plug()
        watch(self.acts.lacp_up(), UP_LIMIT)
        time.sleep(0.5)
        ended = time.time()
        streams.stop()
        self.assert_outage(streams, pulled, plugged)
        self.assert_outage(streams, plugged, ended)
        self.assert_no_duplicates(streams)

    def test_active_fast(self):
        self.combination("active", "fast")

    def test_active_slow(self):
        self.combination("active", "slow")

    def test_passive_fast(self):
        self.combination("passive", "fast")

    def test_passive_slow(self):
        self.combination("passive", "slow")

    def test_partner_passive_fast(self):
        self.combination("active", "fast", partner_active=False)

    def test_both_slow(self):
        self.combination("active", "slow", partner_fast=False)

    def test_passive_opposite_passive_stays_silent(self):
        self.lab.ovs.partner_lacp(PARTNER_PORTS, active=False)
        self.start(lacp={"mode": "passive", "rate": "fast"})
        wait_for("laggd's API", self.laggd.lagg, 10)
        before = self.lab.network.carried()
        self.never("a port distributes", self.laggd.distributing, 4)
        sent = carried_between(before, self.lab.network.carried(), "left")
        self.assertEqual(sent, [0, 0], "a passive port spoke first")


class Faults(LabTest):
    def setUp(self):
        super().setUp()
        self.lab.ovs.partner_lacp(PARTNER_PORTS)
        self.start()
        watch(self.acts.lacp_up(), UP_LIMIT)
        self.wait_answers()

    def broken(self, breaks, heals, limit=SILENT_LIMIT):
        """A fault on cable 2 with the carrier up: both sides leave it in time, then come back."""
        streams = self.lab.ping_streams(3)
        streams.wait_until_answered()
        start = time.time()
        breaks()
        watch({"laggd on p1 alone": lambda: self.laggd.distributing() == ["p1"],
               "Open vSwitch on r1 alone": lambda: self.lab.ovs.enabled_members() == ["r1"]},
              limit)
        time.sleep(0.5)
        end = time.time()
        heals()
        watch(self.acts.lacp_up(), UP_LIMIT)
        self.wait_answers(2)
        streams.stop()
        self.assert_outage(streams, start, end, limit + 0.5)
        self.assert_no_duplicates(streams)

    def test_silent_break(self):
        self.broken(self.lab.cables[1].break_silently, self.lab.cables[1].heal)

    # Broken one way only, the side that still hears learns it from the other's LACPDUs. Expired
    # after 3 s, the deaf side still says that it is in sync; only after 3 s more it takes that
    # back.

    def test_partner_hears_nothing(self):
        cable = self.lab.cables[1]
        self.broken(lambda: cable.break_one_way(1), lambda: cable.heal_one_way(1), SILENT_LIMIT + 3)

    def test_we_hear_nothing(self):
        cable = self.lab.cables[1]
        self.broken(lambda: cable.break_one_way(0), lambda: cable.heal_one_way(0), SILENT_LIMIT + 3)

    def test_both_cables_pulled_and_plugged(self):
        for cable in self.lab.cables:
            cable.pull()
        self.laggd.wait_distributing([], 2)
        wait_for("lagg0 without carrier", lambda: not self.lab.lagg_side.carrier("lagg0"), 2)
        for cable in self.lab.cables:
            cable.plug()
        watch(self.acts.lacp_up(), UP_LIMIT)
        self.wait_answers()

    def test_partner_that_is_two(self):
        """The partner offers two aggregates of one link each: one is used, not both."""
        self.lab.ovs.partner_two_of_one(PARTNER_PORTS)
        wait_for("one port distributing", lambda: len(self.laggd.distributing()) == 1, UP_LIMIT)
        self.never("both ports distribute", lambda: len(self.laggd.distributing()) == 2, 3)
        # Once the host's address was learned behind the one port, everything passes there.
        self.assertEqual(traffic.answers(self.lab.lagg_side, HOST4[0], 5), 5)

    def test_restart_keeps_the_interface(self):
        self.assertEqual(self.laggd.stop(), 0)
        addresses = self.lab.lagg_side.run(["ip", "-o", "addr", "show", "dev", "lagg0"])
        for alias in ALIASES:
            self.assertIn(alias, addresses)
        self.laggd.start()
        watch(self.acts.lacp_up(), UP_LIMIT)
        self.wait_answers()

    def test_killed_and_started_again(self):
        self.laggd.program.stop(signal.SIGKILL)
        self.laggd.start()
        watch(self.acts.lacp_up(), UP_LIMIT)
        self.wait_answers()

    def test_reload_that_changes_nothing_disturbs_nothing(self):
        streams = self.lab.ping_streams(3)
        streams.wait_until_answered()
        start = time.time()
        for _ in range(3):
            self.laggd.reload()
            time.sleep(0.3)
        end = time.time()
        streams.stop()
        self.assert_outage(streams, start, end, 0.1)
        self.assertEqual(sorted(self.laggd.distributing()), PORTS)


class FourLinks(PartnerTest):
    PARTNER = OpenVSwitch
    CABLES = 4

    def test_up_broken_and_restarted(self):
        self.come_up(4)
        self.pull_and_plug()
        self.silent_break()
        self.restart()


if __name__ == "__main__":
    main()
