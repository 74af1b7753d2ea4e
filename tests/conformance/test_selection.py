"""Checks 44 to 54: which ports form the lagg."""

import time

from check import Check, main, on, twin
from tester import UP
from wire import AGGREGATION, CARRYING, SYNCHRONIZATION, TIMEOUT

WAIT = 2.0
FAST = {"rate": "fast"}
OTHER = bytes.fromhex("0200000000bb")
LOWER = 0x1000  # a system priority that decides over D's
AT_ONCE = 0.3   # s


class Selection(Check):
    def aggregators(self):
        """Those of the ports, in their order."""
        return [port["lacp"]["aggregator"] for port in self.bench.told()["ports"]]

    def selected(self):
        return [port["lacp"]["machines"]["selected"] for port in self.bench.told()["ports"]]

    def distributing(self):
        """Numbers of the ports that do."""
        return [number for number, port in enumerate(self.bench.told()["ports"], 1)
                if port["distributing"]]

    def wait_selected(self, *words, timeout=4):
        self.bench.wait(f"selected {words}", lambda _: self.selected() == list(words), timeout)

    def keep_up(self, *testers):
        """They go on speaking, as a partner that carries whatever D does."""
        for tester in testers or self.bench.testers:
            tester.speak(state=UP)

    def one_of_two(self):
        """Two ports that must not be together: they are apart, and one of them carries traffic."""
        self.bench.wait_distributing(*self.carriers(1))
        one, other = self.aggregators()
        self.assertNotEqual(one, other)

    def carriers(self, count):
        self.bench.wait(f"{count} ports that carry", lambda _: len(self.distributing()) == count, 5)
        return self.distributing()

    @on(cables=2)
    @twin("SelectionLogic.TheSameLagIdSharesAnAggregator")
    def test_44_same_lag(self):
        """Two links to one partner with one key: one aggregator, both distribute."""
        self.bench.bring_up()
        self.bench.wait_distributing(1, 2)
        self.assertEqual(len(set(self.aggregators())), 1)
        arrived = [tester.capture() for tester in self.bench.testers]
        with self.bench.ready_client().stream(flows=64, rate=800):
            time.sleep(0.3)
        self.assertTrue(all(port.since() for port in arrived), "a port without a flow")

    @on(cables=2, lacp=FAST)
    @twin("Pair.TwoPartnersAreTwoAggregatorsAndOneIsActive")
    def test_45_two_partners(self):
        """Two partners: never together, data to the active one only, the other takes over."""
        self.bench.connect()
        self.t.speak(state=UP)
        self.t.wait_bits(UP, 4)
        self.u.speak(state=UP, system=OTHER)
        self.assert_never("two partners in one", lambda: len(self.distributing()) > 1 or
                          len(set(self.aggregators())) == 1, 3, every=0.5)
        client, arrived = self.bench.ready_client(), [x.capture() for x in self.bench.testers]
        with client.stream(flows=64, rate=800):
            time.sleep(0.5)
            self.assertEqual(self.distributing(), [1])
            self.assertEqual((len(arrived[1].since()), len(arrived[0].since()) > 200), (0, True))
            silent = self.t.hush()
            taken = self.u.wait_bits(UP, 7, silent)
            time.sleep(0.3)
        self.assertLess(taken.at - silent, 3.3 + WAIT + AT_ONCE)
        self.assertGreater(len(arrived[1].since(taken.at)), 50)

    @on(cables=2)
    @twin("SelectionLogic.ADifferentLagIdNeverDoes")
    def test_46_partner_keys(self):
        """One partner with two keys: two aggregators."""
        self.bench.connect()
        self.t.speak(state=UP, key=1)
        self.u.speak(state=UP, key=2)
        self.one_of_two()

    @on(cables=2, ports={1: {"lacp": {"key": 0x8001}}, 2: {"lacp": {"key": 1}}})
    @twin("Pair.PortsWithDifferentKeysAreNotAggregated")
    def test_47_own_keys(self):
        """Ports of D with different keys (all 16 bits count): two aggregators."""
        self.bench.connect()
        self.keep_up()
        self.one_of_two()
        self.assertEqual([tester.known.key for tester in self.bench.testers], [0x8001, 1])

    @on(cables=3, ports={3: {"lacp": {"individual": True}}})
    @twin("SelectionLogic.TwoIndividualPortsOfOnePartnerStayApart")
    def test_48_individual(self):
        """An individual port, by D's word or by the partner's, is alone on its aggregator."""
        self.bench.connect()
        self.t.speak(state=UP)
        self.t.wait_bits(UP, 4)
        self.u.speak(state=UP & ~AGGREGATION)
        self.bench.testers[2].speak(state=UP)
        self.bench.wait("three aggregators", lambda _: len(set(self.aggregators())) == 3, 4)
        self.assert_never("it is not alone", lambda: len(set(self.aggregators())) != 3
                          or self.distributing() != [1], 2.5, every=0.5)
        self.assertEqual(self.bench.testers[2].known.state & AGGREGATION, 0)

    @on(cables=2)
    @twin("Pair.ACableBetweenTwoOwnPortsCarriesNothing")
    def test_49_two_own_ports(self):
        """A cable between two ports of D: they do not aggregate, no storm, no traffic."""
        self.t.reflect_to(self.u)
        self.u.reflect_to(self.t)
        begun = time.time()
        for tester in self.bench.testers:
            tester.plug()
        self.bench.wait("loopback", lambda lagg: all(port["lacp"]["loopback"]
                                                     for port in lagg["ports"]), 4)
        self.assert_never("traffic", self.distributing, 4, every=0.3)
        for tester in self.bench.testers:
            self.assert_rate(tester.lacpdus(begun), 3)
            self.assertEqual([pdu for pdu in tester.lacpdus(begun) if pdu.state & 0x30], [])

    @on(cables=3, lacp={"max_links": 2, "system_priority": 1})
    @twin("SelectionLogic.MaxLinksFollowsThePortIdsOfTheLowerSystem")
    def test_50_max_links(self):
        """Two of three may be used: D decides by its port numbers; the third is on standby and
        speaks."""
        self.bench.connect()
        for number, tester in enumerate(self.bench.testers):
            tester.speak(state=UP | TIMEOUT, port_priority=100 - number)
        begun = time.time()
        self.bench.wait_distributing(1, 2)
        self.wait_selected("SELECTED", "SELECTED", "STANDBY")
        time.sleep(2.5)
        third = self.bench.testers[2].lacpdus(begun)
        self.assertEqual([pdu for pdu in third if pdu.state & SYNCHRONIZATION], [])
        self.assertGreaterEqual(len([pdu for pdu in third if pdu.at > begun + 1]), 2)

    @on(cables=3, lacp={"max_links": 2})
    @twin("Pair.TheLowerSystemDecidesWhichLinksAreUsed")
    def test_50_partner_decides(self):
        """A partner with the lower system priority decides by its own port priorities."""
        self.bench.connect()
        for number, tester in enumerate(self.bench.testers):
            tester.speak(state=UP, priority=LOWER, port_priority=100 - number)
        self.bench.wait_distributing(2, 3)
        self.wait_selected("STANDBY", "SELECTED", "SELECTED")

    def standby(self):
        """One of two ports is used, and the first has failed."""
        self.bench.connect()
        self.keep_up()
        self.bench.wait_distributing(1)
        self.wait_selected("SELECTED", "STANDBY")
        failed = time.time()
        self.t.pull()
        taken = self.u.wait_bits(UP, WAIT + 1.5, failed)
        self.assertLess(taken.at - failed, WAIT + AT_ONCE)
        self.t.hush()
        self.bench.connect(self.t)
        self.t.speak(state=UP)
        return time.time()

    @on(cables=2, lacp={"max_links": 1, "system_priority": 1})
    @twin("Pair.MaxLinksKeepsTheOthersOnStandbyAndTheyTakeOver")
    def test_51_standby_takes_over(self):
        """Standby takes over within 2 s and an LACPDU; the better port takes it back when ready."""
        returned = self.standby()
        back = self.t.wait_bits(UP, 5, returned)
        self.assert_near(back.at - returned, WAIT, "until it was back", tolerance=0.5)
        self.bench.wait_distributing(1)
        self.wait_selected("SELECTED", "STANDBY")

    @on(cables=2, lacp={"max_links": 1, "system_priority": 1, "revertive": False})
    def test_51_not_revertive(self):
        """Without revertive the standby port keeps what it took over."""
        self.standby()
        self.assert_never("the first port came back", lambda: self.distributing() != [2], 4,
                          every=0.3)

    @on(cables=2, lacp={"max_links": 1, "system_priority": 1, "wait_to_restore": 4})
    def test_51_wait_to_restore(self):
        """The port that failed has to work for wait_to_restore before it is used again."""
        returned = self.standby()
        back = self.t.wait_bits(UP, 9, returned)
        self.assertGreater(back.at - returned, 3.9)
        self.assertLess(back.at - returned, 4 + WAIT + 0.5)

    @on(cables=2, lagg={"min_links": 2})
    def test_52_min_links(self):
        """Below min_links the lagg has no carrier and sends nothing; its ports stay in sync."""
        self.bench.bring_up()
        client = self.bench.ready_client()
        before = time.time()
        self.u.pull()
        self.bench.wait("no carrier", lambda lagg: not lagg["carrier"], 2)
        arrived = self.t.capture()
        with client.stream(flows=16):
            time.sleep(0.5)
        self.assertEqual(arrived.since(), [])
        self.assertEqual([pdu for pdu in self.t.lacpdus(before) if not pdu.state & CARRYING], [])
        self.assert_bits(self.t.ask().state, SYNCHRONIZATION)
        self.t.tell()
        self.bench.connect(self.u)
        self.u.tell()
        self.bench.wait("carrier", lambda lagg: lagg["carrier"], 4)

    def offer(self, **second):
        """One port to one partner that carries traffic, then two to another."""
        self.bench.connect()
        self.t.speak(state=UP)
        self.bench.wait_distributing(1)
        for tester in self.bench.testers[1:]:
            tester.speak(state=UP, system=OTHER, **second)

    @on(cables=3, lacp={"select": "stable"})
    @twin("SelectionLogic.StableKeepsTheActiveAggregatorWhileItCanCarry")
    def test_53_stable(self):
        """select = stable: the active aggregator stays although another has more ports."""
        self.offer(priority=1)
        self.assert_never("it moved", lambda: self.distributing() != [1], 4, every=0.3)

    @on(cables=3, lacp={"select": "count"})
    @twin("SelectionLogic.BandwidthAndCountMoveToTheBest")
    def test_53_count(self):
        """select = count: the aggregator with more ports."""
        self.offer()
        self.bench.wait_distributing(2, 3)

    @on(cables=3, lacp={"select": "bandwidth"})
    @twin("SelectionLogic.BandwidthAndCountMoveToTheBest")
    def test_53_bandwidth(self):
        """select = bandwidth: the aggregator with the larger sum of speeds."""
        self.offer()
        self.bench.wait_distributing(2, 3)

    @on(cables=3, lacp={"select": "partner_priority"})
    def test_53_partner_priority(self):
        """select = partner_priority: the partner with the lower system priority."""
        self.offer(priority=1)
        self.bench.wait_distributing(2, 3)
        for tester in self.bench.testers[1:]:
            tester.speak(state=UP, priority=0xffff)
        self.bench.wait_distributing(1)

    @on(cables=2)
    @twin("SelectionLogic.APortIsNotReselectedBeforeItIsDetached")
    def test_54_no_change_in_sync(self):
        """A port changes its aggregator only after D told that it is out of sync there."""
        self.bench.bring_up()
        self.bench.wait_distributing(1, 2)
        self.assertEqual(len(set(self.aggregators())), 1)
        begun = self.u.tell(key=2)
        moved = self.bench.wait("another aggregator", lambda lagg: len(
            {port["lacp"]["aggregator"] for port in lagg["ports"]} - {0}) == 2 and time.time(), 3)
        out = self.u.wait_without(CARRYING, 2, begun)
        self.assertLess(out.at, moved)
        self.u.tell(key=1)
        time.sleep(3)
        self.bench.wait_distributing(1, 2)
        states = self.u.states(begun)
        self.assert_no_bits(states[0], SYNCHRONIZATION)


if __name__ == "__main__":
    main()
