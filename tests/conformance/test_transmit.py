"""Checks 33 to 43: the periodic and the transmit machine."""

import itertools
import time

from check import SMALL_RINGS, Check, long, main, on, twin
from tester import ACTIVE, UP
from wire import (ACTIVITY, AGGREGATION, CARRYING, COLLECTING, DEFAULTED, DISTRIBUTING, EXPIRED,
                  TIMEOUT)

from lab.command import LabError, Program

AT_ONCE = 0.2   # s
FAST, SLOW = 1.0, 30.0
FAST_TOLERANCE = 0.1
LIMIT = 3       # LACPDUs in any second
SLOW_PROTOCOLS_LIMIT = 10
# Frames a second through the lagg, below which nothing would have been congested.
LOAD = 10000
FLOOD = """
import socket, struct, sys
flood = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
flood.bind((sys.argv[1], 0))
frames = [bytes.fromhex("02000000ffff") + bytes([2, 9, 0, 0, 0, n]) + b"\\x88\\xb5" +
          bytes(int(sys.argv[2]))
          for n in range(64)]
while True:
    for frame in frames:
        try:
            flood.send(frame)
        except OSError:
            pass
"""


class Transmit(Check):
    def up_and_fast(self):
        """Both ends carry traffic, and D has to speak every second."""
        self.bench.bring_up()
        for tester in self.bench.testers:
            tester.speak(state=UP | TIMEOUT)
        time.sleep(1.1)  # what follows a change at once is behind us

    def assert_every_second(self, tester, start, end):
        """No gap is longer than it may be, and nothing is said beside."""
        gaps = tester.gaps(start, end)
        self.assertLessEqual(max(gaps), FAST + FAST_TOLERANCE, gaps)
        self.assertAlmostEqual(len(gaps), end - start, delta=2)

    def flood(self, size):
        program = Program("flood", self.hall.inside.argv(
            ["nice", "-n", "19", "python3", "-c", FLOOD, self.bench.name, str(size)]),
            self.hall.directory / "flood.out")
        self.addCleanup(program.stop)
        return program

    def slow_down(self, name):
        """The kernel lets 20 Mb/s out of that port, and keeps what waits in the port's own ring."""
        try:
            self.hall.inside.run(["tc", "qdisc", "add", "dev", name, "root", "tbf", "rate",
                                  "20mbit", "burst", "16kb", "limit", "4mb"])
        except LabError as error:
            self.skipTest(f"this kernel has no tbf: {error}")

    def under_load(self, seconds, size):
        """LACPDUs on both ports while the lagg gets more frames than it can send."""
        self.up_and_fast()
        self.bench.ready_client()
        program = self.flood(size)
        time.sleep(1)
        begun, before = time.time(), self.bench.told()
        time.sleep(seconds)
        ended, after = time.time(), self.bench.told()
        program.must_live()
        program.stop()
        sent = sum(port["counters"]["tx_packets"] for port in after["ports"]) - sum(
            port["counters"]["tx_packets"] for port in before["ports"])
        full = sum(port["counters"]["tx_full"] for port in after["ports"]) - sum(
            port["counters"]["tx_full"] for port in before["ports"])
        gaps = [gap for tester in self.bench.testers for gap in tester.gaps(begun, ended)]
        print(f"load: {sent / (ended - begun):.0f} frames/s of {size + 14} octets, {full} refused; "
              f"longest gap {max(gaps):.3f} s", flush=True)
        return begun, ended, sent / (ended - begun), full

    @on(cables=2, lacp={"rate": "fast"}, alone=True)
    @twin("PeriodicMachine.FollowsThePartnersTimeoutNeverTheOwn")
    def test_33_every_second(self):
        """A partner with the short timeout: an LACPDU every second under load, no gap over 1.1
        s."""
        begun, ended, rate, _ = self.under_load(8, 46)
        self.assertGreater(rate, LOAD)
        for tester in self.bench.testers:
            self.assert_every_second(tester, begun, ended)

    @long
    @on(cables=2, lacp={"rate": "fast"}, alone=True)
    @twin("Conformance.Check33EverySecondForTenMinutes")
    def test_33_every_second_long(self):
        """The same for ten minutes."""
        begun, ended, rate, _ = self.under_load(600, 46)
        self.assertGreater(rate, LOAD)
        for tester in self.bench.testers:
            self.assert_every_second(tester, begun, ended)

    @twin("Conformance.Check34EveryThirtySeconds")
    def test_34_not_every_second(self):
        """A partner with the long timeout: silence once the two agree."""
        self.bench.bring_up()
        begun = self.t.tell()
        time.sleep(6)
        self.assertEqual(self.t.lacpdus(begun + 0.1), [])

    @long
    @twin("Conformance.Check34EveryThirtySeconds")
    def test_34_every_thirty_seconds_long(self):
        """A partner with the long timeout: an LACPDU every 30 s, no gap over 33 s."""
        begun = self.bench.bring_up()
        self.t.speak(every=20)
        time.sleep(3 * SLOW + 5)
        gaps = self.t.gaps(begun + 3, time.time())
        self.assertGreaterEqual(len(gaps), 2)
        for gap in gaps:
            self.assert_near(gap, SLOW, "between two LACPDUs", tolerance=3)

    @twin("PeriodicMachine.SpeaksAtOnceWhenThePartnerAsksForTheShortTimeout")
    def test_35_partner_changes_its_timeout(self):
        """Long to short: an LACPDU at once, then every second. Short to long: none more."""
        self.bench.bring_up()
        self.t.tell()
        time.sleep(1.2)
        begun = self.t.tell(state=UP | TIMEOUT)
        first = self.t.wait_pdu(since=begun)
        self.assertLess(first.at - begun, AT_ONCE)
        time.sleep(3.3)
        self.assert_every_second(self.t, first.at, time.time())
        self.assertGreaterEqual(len(self.t.lacpdus(first.at)), 4)
        calm = self.t.tell(state=UP)
        time.sleep(3)
        self.assertEqual(self.t.lacpdus(calm + 0.05), [])

    @twin("PeriodicMachine.FollowsThePartnersTimeoutNeverTheOwn")
    def test_36_own_rate(self):
        """D's own rate changes its Timeout bit and its own expiry, not how often it speaks."""
        self.bench.bring_up()
        self.t.tell()
        asked = self.bench.reload(lacp={"rate": "fast"})
        told = self.t.wait_bits(TIMEOUT, 1, asked)
        self.assert_bits(told.state, CARRYING)
        begun = self.t.tell()  # D runs its timer anew with each LACPDU
        expired = self.t.wait_bits(EXPIRED, 5, begun)
        self.assert_near(expired.at - begun, 3.0, "until Expired")
        self.assertEqual(self.t.lacpdus(begun + 0.1, expired.at - 0.05), [])

    @on(cables=2, lacp={"mode": "passive"})
    @twin("PeriodicMachine.PassiveIsSilentUntilAnActivePartnerSpeaks")
    def test_37_passive(self):
        """Passive: silent until an active partner speaks, then regular; silent with a passive
        one."""
        for tester in self.bench.testers:
            tester.plug()
        begun = time.time()
        time.sleep(4)
        self.assertEqual(self.t.lacpdus() + self.u.lacpdus(), [])
        self.t.tell(state=ACTIVE | TIMEOUT)
        self.u.tell(state=AGGREGATION | TIMEOUT)
        begun = self.t.wait_pdu(timeout=1).at
        time.sleep(4.5)
        self.assertGreaterEqual(len(self.t.lacpdus(begun + 0.5)), 3)
        self.assertEqual(self.u.lacpdus(), [])

    @long
    @on(lacp={"mode": "passive"})
    @twin("Conformance.Check37PassiveIsSilentForAnHour")
    def test_37_passive_long(self):
        """Passive with a silent partner: nothing for 100 s."""
        self.t.plug()
        time.sleep(100)
        self.assertEqual(self.t.slow_frames(), [])

    @twin("TransmitMachine.EchoesThePartnerAtOnce")
    def test_38_stale_view(self):
        """An LACPDU with a stale view of D is answered within 200 ms."""
        self.bench.bring_up()
        known = self.t.known
        stale = [{"key": known.key + 1}, {"system": bytes(6)}, {"port": known.port + 7},
                 {"priority": 1}, {"port_priority": 1},
                 *({"state": known.state ^ bit} for bit in (ACTIVITY, TIMEOUT, AGGREGATION, 0x08))]
        for fields in stale:
            time.sleep(0.8)
            view = type(known)(**{**vars(known), **fields})
            begun = self.t.tell_with_view(view)
            answer = self.t.wait_pdu(timeout=1, since=begun, what=f"an answer to {fields}")
            self.assertLess(answer.at - begun, AT_ONCE)

    @twin("TransmitMachine.SendsThreeInASecondAndTheLastStateAfterwards")
    def test_39_limit(self):
        """20 changes in a second: at most 3 LACPDUs in any second, and the last state is told."""
        self.bench.bring_up()
        time.sleep(1.1)
        begun = time.time()
        for number in range(20):
            last = self.t.tell_with_view(self.t.actor, state=UP & ~COLLECTING if number % 2 else UP)
            time.sleep(0.05)
        state = self.t.actor.state
        final = self.t.wait_pdu(lambda pdu: pdu.at > last, 1.2, begun)
        self.assertLess(final.at - last, FAST + 0.05)
        self.assertEqual(final.partner.state, state & ~0x08)
        self.assert_rate(self.t.lacpdus(begun), LIMIT)
        self.assertGreaterEqual(len(self.t.lacpdus(begun)), LIMIT + 1)

    @twin("TransmitMachine.NoAnswerWhenOnlyTheOtherFourBitsDiffer")
    def test_40_moods_are_not_answered(self):
        """No answer where only Collecting, Distributing, Defaulted and Expired differ."""
        self.bench.bring_up()
        self.t.tell()
        time.sleep(1.1)
        begun, known = time.time(), self.t.known
        for count in range(1, 5):
            for bits in itertools.combinations((COLLECTING, DISTRIBUTING, DEFAULTED, EXPIRED),
                                               count):
                self.t.tell_with_view(type(known)(**{**vars(known),
                                                     "state": known.state ^ sum(bits)}))
                time.sleep(0.1)
        self.assertEqual(self.t.lacpdus(begun), [])

    @twin("MarkerResponder.AnswersFiveInASecondAndStopsBelowTheSlowProtocolsLimit")
    def test_41_slow_protocols_limit(self):
        """LACPDUs and Marker Responses together: at most 10 in any second."""
        self.bench.bring_up()
        begun = time.time()
        for number in range(60):
            self.t.send_marker(number)
            self.t.tell_with_view(self.t.actor)
            time.sleep(0.05)
        frames = self.t.slow_frames(begun)
        self.assert_rate(frames, SLOW_PROTOCOLS_LIMIT)
        self.assert_rate(self.t.lacpdus(begun), LIMIT)
        self.assertGreater(len(frames), 2 * LIMIT)

    @on(lagg={"upper": "none"})
    def test_42_idle(self):
        """Without traffic and without anybody who reads from the lagg, still every second."""
        self.up_and_fast()
        begun = time.time()
        time.sleep(8)
        self.assert_every_second(self.t, begun, time.time())

    @on(cables=2, alone=True, arguments=f"{SMALL_RINGS},qdisc_bypass=0")
    def test_43_congested(self):
        """LACPDUs leave on time from a port that refuses data because it is full."""
        for name in self.bench.names:
            self.slow_down(name)
        begun, ended, _, full = self.under_load(6, 1486)
        self.assertGreater(full, 0, "no port was full")
        for tester in self.bench.testers:
            self.assert_every_second(tester, begun, ended)


if __name__ == "__main__":
    main()
