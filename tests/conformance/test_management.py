"""Checks 62 to 64: churn, counters, and changes while everything is up."""

import time

from check import Check, long, main, on, twin
from frames import with_octets
from tester import ACTIVE, UP
from wire import ACTIVITY, CARRYING, TIMEOUT

CHURN_SECONDS = 60
SUBTYPE = 14
TOLD = 1.0  # s
WAIT = 2.0


class Management(Check):
    def churn(self, side):
        """(state, count) of "actor" or "partner"."""
        lacp = self.bench.lacp_of()
        return lacp["machines"][f"{side}_churn"], lacp[f"{side}_churn_count"]

    def partner_churn(self, seconds):
        self.bench.connect()
        begun = self.t.speak(state=ACTIVE, every=min(1.0, seconds / 4))
        self.bench.wait("churn of the partner", lambda _: self.churn("partner")[0] == "CHURN",
                        seconds * 1.1 + 1)
        self.assert_near(time.time() - begun, seconds, "until churn", tolerance=0.1 * seconds + 0.4)
        self.assertEqual(self.churn("partner"), ("CHURN", 1))
        self.assertEqual(self.churn("actor"), ("NO_CHURN", 0))
        self.t.tell(state=UP)
        self.bench.wait("no churn", lambda _: self.churn("partner") == ("NO_CHURN", 1), 1)

    @on(lacp={"churn_time": 3})
    @twin("ChurnMachine.APartnerThatNeverGetsInSyncChurnsAfterAMinute")
    def test_62_partner_churn(self):
        """The partner is out of sync for churn_time: churn, counted once; in sync again: none."""
        self.partner_churn(3)

    @long
    @twin("ChurnMachine.APartnerThatNeverGetsInSyncChurnsAfterAMinute")
    def test_62_partner_churn_long(self):
        """The same with the standard's 60 s."""
        self.partner_churn(CHURN_SECONDS)

    @on(lacp={"churn_time": 3})
    @twin("ChurnMachine.StandbyIsNoActorChurnButALoopIs")
    def test_62_actor_churn(self):
        """D itself is kept out of sync, by a cable that comes back to it: churn of the actor."""
        self.t.reflect_to(self.t)
        self.t.plug()
        begun = time.time()
        self.bench.wait("churn of the actor", lambda _: self.churn("actor") == ("CHURN", 1), 6)
        self.assert_near(time.time() - begun, 3, "until churn", tolerance=0.8)

    def test_63_counters(self):
        """What D counts is what the tester sent and heard, frame by frame."""
        self.bench.bring_up()
        self.t.tell()
        time.sleep(1.1)
        before = self.bench.lacp_of()
        heard_before = len(self.t.lacpdus())
        for number in range(7):
            self.t.tell_with_view(self.t.actor if number % 2 else None)
            time.sleep(0.2)
        for number in range(4):
            self.t.send_marker(number)
        for kind, count in ((7, 5), (0, 2), (77, 3)):
            for _ in range(count):
                self.t.send(with_octets(self.t.pdu(), **{f"at_{SUBTYPE}": kind}))
        time.sleep(1.3)
        after = self.bench.lacp_of()
        grown = {key: after[key] - before[key] for key in (
            "lacpdus_rx", "lacpdus_tx", "marker_pdus_rx", "marker_response_pdus_tx", "unknown_rx",
            "illegal_rx")}
        self.assertEqual(grown, {
            "lacpdus_rx": 7, "lacpdus_tx": len(self.t.lacpdus()) - heard_before,
            "marker_pdus_rx": 4, "marker_response_pdus_tx": len(self.t.markers()),
            "unknown_rx": 5, "illegal_rx": 5})
        self.assertEqual(len(self.t.markers()), 4)
        self.assertGreaterEqual(grown["lacpdus_tx"], 4)

    @twin("TransmitMachine.NewParametersAreToldAtOnce")
    def test_64_identity_changes(self):
        """Another system priority, key or port priority while up: told at once, and agreed anew."""
        self.bench.bring_up()
        for key, value, field in (("system_priority", 77, "priority"), ("key", 78, "key"),
                                  ("port_priority", 79, "port_priority"),
                                  ("system_mac", "02:00:5e:00:00:01", "system")):
            time.sleep(1)
            asked = self.bench.reload(lacp={key: value})
            told = self.t.wait_pdu(lambda pdu: getattr(pdu.actor, field) in (
                value, bytes.fromhex("02005e000001")), TOLD, asked, f"the new {key}")
            self.assert_no_bits(told.state, CARRYING)
            self.t.tell()
            back = self.t.wait_bits(CARRYING, 4, told.at)
            self.assert_near(back.at - told.at, WAIT, f"{key}: agreed anew after", tolerance=0.4)

    @twin("TransmitMachine.NewParametersAreToldAtOnce")
    def test_64_moods_change(self):
        """Another rate or mode while up: told at once, and the traffic goes on."""
        self.bench.bring_up()
        arrived, client = self.t.capture(), self.bench.ready_client()
        with client.stream(flows=4, rate=200):
            time.sleep(0.3)
            begun = time.time()
            for lacp, bit, is_set in (({"rate": "fast"}, TIMEOUT, True),
                                      ({"rate": "slow"}, TIMEOUT, False),
                                      ({"mode": "passive"}, ACTIVITY, False),
                                      ({"mode": "active"}, ACTIVITY, True)):
                time.sleep(0.6)
                asked = self.bench.reload(lacp=lacp)
                told = self.t.wait_pdu(lambda pdu: bool(pdu.state & bit) == is_set, TOLD, asked)
                self.assert_bits(told.state, CARRYING)
                self.t.tell()
            ended = time.time()
        self.assertEqual([pdu for pdu in self.t.lacpdus(begun)
                          if pdu.state & CARRYING != CARRYING], [])
        times = [frame.at for frame in arrived.since(begun, ended)]
        self.assertLess(max(late - early for early, late in zip(times, times[1:])), 0.1)


if __name__ == "__main__":
    main()
